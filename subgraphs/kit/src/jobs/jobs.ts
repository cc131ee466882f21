/** A job as a worker gets it. */
export interface Job {
  readonly id: string
  readonly queue: string
  readonly data: Readonly<Record<string, unknown>>
  /** 1 for the first attempt. */
  readonly attempt: number
}

export interface NewJob {
  readonly data: Readonly<Record<string, unknown>>
  /** A job with an id that the queue still holds is not queued twice. */
  readonly id?: string
  /** 0 (default) to 9; higher first. */
  readonly priority?: number
  /** Milliseconds before the job may be taken. */
  readonly delayMs?: number
}

/** Who does a queue's jobs. */
export interface JobWorker {
  readonly queue: string
  /** Jobs at once in this process; default 4. */
  readonly concurrency?: number
  /** Attempts before a job is dead-lettered; default 5, with exponential back-off from 1 s. */
  readonly attempts?: number
  /** A job whose worker says nothing for so long is given to another; default 60 s. */
  readonly timeoutMs?: number
  /** Rejected: retried with back-off, then dead-lettered with its cause. */
  handle(job: Job, signal: AbortSignal): Promise<void>
}

export interface DeadJob {
  readonly job: Job
  readonly cause: string
  readonly failedAt: Date
}

/**
 * Work to be done once, later, by someone.
 * Guarantees: an acknowledged publish survives a crash; a job runs at least once and on at most one worker at a time;
 * a killed worker's job is taken up again; higher priorities first; no more than `concurrency` at once per worker.
 */
export interface JobQueue {
  /** Resolved when the jobs are durable; answers their ids. */
  publish(queue: string, jobs: readonly NewJob[]): Promise<readonly string[]>
  work(
    worker: JobWorker,
  ): Promise<{ /** Takes no new job and waits for those in hand. */ close(): Promise<void> }>
  deadJobs(queue: string, limit?: number): Promise<readonly DeadJob[]>
  /** Queues dead jobs again; returns how many. */
  replayDeadJobs(queue: string, ids?: readonly string[]): Promise<number>
  ping(): Promise<void>
  close(): Promise<void>
}
