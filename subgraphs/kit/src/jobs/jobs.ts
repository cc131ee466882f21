/** A job as a worker gets it. */
export interface Job {
  readonly id: string
  readonly queue: string
  readonly data: Readonly<Record<string, unknown>>
  /** 1 for the first attempt; one more for each that failed or was lost with its worker. */
  readonly attempt: number
  /** W3C trace context of whoever published it; the worker's span continues it. */
  readonly traceparent?: string
}

export interface NewJob {
  /** A JSON object. */
  readonly data: Readonly<Record<string, unknown>>
  /**
   * Names the job for its worker, in logs and among the dead; default a new UUID. At most 255 bytes. It is no lock: a job
   * that is published twice, because its publisher could not know better, is done twice. An effect that must happen once
   * is marked by this id in the inbox of its worker, in the effect's transaction, as consumers of events do it.
   */
  readonly id?: string
  /** 0 (default) to 9; higher first. */
  readonly priority?: number
  /** Milliseconds before the job may be taken, a week at the most. */
  readonly delayMs?: number
}

/** Who does a queue's jobs. All workers of a queue have the same settings. */
export interface JobWorker {
  readonly queue: string
  /** Jobs at once in this process; default 4. */
  readonly concurrency?: number
  /**
   * Attempts before a job that fails is set aside, those included that were lost with their workers; default 5, with
   * exponential back-off from 1 s to an hour.
   */
  readonly attempts?: number
  /** Milliseconds after which an attempt has failed and its signal is aborted; default 60 s, 10 minutes at the most. */
  readonly timeoutMs?: number
  /**
   * Does one job. Rejected: tried again with back-off, then set aside with its cause. The signal is aborted when the job
   * is no longer this worker's: it took too long, or the queue took it for lost.
   */
  handle(job: Job, signal: AbortSignal): Promise<void>
}

export interface DeadJob {
  readonly job: Job
  readonly cause: string
  readonly failedAt: Date
}

/**
 * Work to be done later, by someone.
 * Guarantees: an acknowledged publish survives a crash; a job runs at least once and is given to one worker at a time;
 * a killed or silent worker's job is taken up again; of the jobs that wait the higher priorities go first; no more than
 * `concurrency` at once per worker; a job that fails for the last time, or that its workers die of time and again, is
 * kept with its cause until it is replayed.
 * A queue that is down: publishing rejects, after some seconds at the most, with what `isOutage` knows; workers go on by
 * themselves once it is back.
 */
export interface JobQueue {
  /**
   * Resolved when the jobs are durable; answers their ids. Rejected: some of them may be queued all the same.
   * @throws RangeError for a priority, a delay or an id beyond the bounds, before anything is queued
   */
  publish(queue: string, jobs: readonly NewJob[]): Promise<readonly string[]>
  /** @throws RangeError for settings beyond the bounds */
  work(
    worker: JobWorker,
  ): Promise<{ /** Takes no new job and waits for those in hand. */ close(): Promise<void> }>
  /** At most `limit` (default 100) of the jobs set aside, the oldest first. */
  deadJobs(queue: string, limit?: number): Promise<readonly DeadJob[]>
  /** Queues dead jobs again, with all their attempts before them; returns how many. */
  replayDeadJobs(queue: string, ids?: readonly string[]): Promise<number>
  /** Rejects with the reason when jobs cannot be published or taken. */
  ping(): Promise<void>
  /** Closes the workers as their own `close` does, then the connections. */
  close(): Promise<void>
}

/** The job queue's server does not answer: it is down, out of memory or disk, still starting, or was closed. */
export class JobQueueUnavailable extends Error {
  override readonly name = 'JobQueueUnavailable'

  constructor(cause: unknown) {
    super(`The job queue does not answer: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}
