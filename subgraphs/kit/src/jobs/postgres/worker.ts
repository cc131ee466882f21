import type { JobAttempt, JobWithMetadata, PgBoss } from 'pg-boss'
import { createBatches } from '../../batches.ts'
import { backOff, type Latch } from '../../latch.ts'
import type { Log } from '../../log.ts'
import { attemptJob } from '../attempt.ts'
import { jobDefaults } from '../bounds.ts'
import type { Job, JobWorker } from '../jobs.ts'

/** What lies in a job's data column. */
export interface StoredJob {
  readonly data: Job['data']
  readonly traceparent?: string
}

export interface WorkLoopSettings {
  readonly boss: PgBoss
  readonly worker: JobWorker
  readonly log: Log
  /** Raised when a job may be there to take. */
  readonly latch: Latch
  /** Milliseconds between looks at the queue when nothing raises the latch. */
  readonly pollMs: number
}

export function toJob(queue: string, job: JobWithMetadata<StoredJob>): Job {
  const { data, traceparent } = job.data
  const id = job.singletonKey ?? job.id
  return { id, queue, data, attempt: job.retryCount + 1, ...(traceparent ? { traceparent } : {}) }
}

/** Takes a queue's jobs, as many at once as the worker says. */
export function startWorkLoop(settings: WorkLoopSettings): { close(): Promise<void> } {
  const { boss, worker, log, latch, pollMs } = settings
  const { queue, concurrency = jobDefaults.concurrency, timeoutMs = jobDefaults.timeoutMs } = worker
  // Jobs that end together are written as done together.
  const complete = createBatches<JobAttempt>({
    write: async (attempts) => void (await boss.complete(queue, [...attempts])),
    limit: 200,
  })
  const inHand = new Set<Promise<void>>()
  let closing = false

  async function settle(job: JobWithMetadata<StoredJob>, failure: string | undefined): Promise<void> {
    // Fenced by the attempt: a job that was given to another in the meantime is left alone.
    const attempt = { id: job.id, retryCount: job.retryCount }
    const until = performance.now() + timeoutMs
    for (let failures = 0; ; ) {
      try {
        if (failure === undefined) await complete([attempt])
        else await boss.fail(queue, attempt, { message: failure })
        return
      } catch (error) {
        failures += 1
        log.warn({ queue, jobId: job.id, err: error }, 'the outcome of a job could not be written')
        // After its time limit the job is another's to take.
        if (performance.now() > until) return
        await new Promise((resolve) => setTimeout(resolve, backOff(failures, 100, 5000)))
      }
    }
  }

  async function perform(stored: JobWithMetadata<StoredJob>): Promise<void> {
    const last = stored.retryCount >= stored.retryLimit
    await settle(stored, await attemptJob(toJob(queue, stored), { worker, log, last }))
  }

  async function takeJobs(): Promise<void> {
    const free = concurrency - inHand.size
    if (free <= 0) return
    const jobs = await boss.fetch<StoredJob>(queue, { batchSize: free, includeMetadata: true })
    for (const job of jobs) {
      const work = perform(job).finally(() => {
        inHand.delete(work)
        latch.raise()
      })
      inHand.add(work)
    }
  }

  async function run(): Promise<void> {
    let failures = 0
    while (!closing) {
      try {
        await takeJobs()
        failures = 0
        if (!closing) await latch.wait(pollMs)
      } catch (error) {
        failures += 1
        log.warn({ queue, failures, err: error }, 'no jobs can be taken')
        if (!closing) await latch.wait(backOff(failures, 200, 5000))
      }
    }
  }

  // pg-boss looks for overdue jobs once a minute on its own, too rarely for short limits.
  const overdueMs = Math.min(15_000, Math.max(1000, timeoutMs / 4))
  let looking: Promise<void> = Promise.resolve()
  const overdueTimer = setInterval(() => {
    looking = boss.supervise(queue).then(
      () => latch.raise(),
      (error: unknown) => log.warn({ queue, err: error }, 'overdue jobs could not be looked for'),
    )
  }, overdueMs)
  const running = run()

  return {
    async close() {
      closing = true
      clearInterval(overdueTimer)
      latch.raise()
      await running
      await Promise.all(inHand)
      await looking
    },
  }
}
