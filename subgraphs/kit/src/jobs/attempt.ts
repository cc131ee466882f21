import { withDeadline } from '../deadline.ts'
import { reasonOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { continueTrace } from '../trace-context.ts'
import { jobDefaults } from './bounds.ts'
import type { Job, JobWorker } from './jobs.ts'
import { jobDuration, jobOutcomes } from './metrics.ts'

export interface JobAttempt {
  readonly worker: JobWorker
  readonly log: Log
  /** Whether the job is set aside when this attempt fails. */
  readonly last: boolean
  /** Aborted when the engine takes the job away from this worker; the attempt fails with its reason. */
  readonly lost?: AbortSignal
}

/**
 * Hands a job to its worker once, in a span of its publisher's trace. Never rejects.
 * @returns the cause of its failure, undefined when it is done
 */
export async function attemptJob(
  job: Job,
  { worker, log, last, lost }: JobAttempt,
): Promise<string | undefined> {
  const { queue, timeoutMs = jobDefaults.timeoutMs } = worker
  const message = {
    span: `job ${queue}`,
    traceparent: job.traceparent,
    attributes: { 'job.queue': queue, 'job.id': job.id, 'job.attempt': job.attempt },
  }
  const time = jobDuration.startTimer({ queue })
  async function run(): Promise<void> {
    try {
      await withDeadline(timeoutMs, (signal) =>
        lost
          ? untilLost(lost, (own) => worker.handle(job, AbortSignal.any([signal, own])))
          : worker.handle(job, signal),
      )
    } catch (error) {
      // Said here, inside the span, so that the line carries the trace.
      const about = { queue, jobId: job.id, attempt: job.attempt, err: error }
      if (last && !lost?.aborted) log.error(about, 'a job is set aside')
      else log.warn(about, 'a job failed and will be tried again')
      throw error
    }
  }
  try {
    await continueTrace(message, run)
    jobOutcomes.inc({ queue, outcome: 'done' })
    return undefined
  } catch (error) {
    jobOutcomes.inc({ queue, outcome: last ? 'dead' : 'failed' })
    return reasonOf(error)
  } finally {
    time()
  }
}

/** Rejects with the signal's reason as soon as it is aborted, whatever the work does then. */
async function untilLost<T>(lost: AbortSignal, work: (lost: AbortSignal) => Promise<T>): Promise<T> {
  lost.throwIfAborted()
  const gone = Promise.withResolvers<never>()
  const onAbort = () => gone.reject(lost.reason)
  lost.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work(lost), gone.promise])
  } finally {
    lost.removeEventListener('abort', onAbort)
  }
}
