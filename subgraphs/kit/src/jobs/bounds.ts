import type { JobWorker, NewJob } from './jobs.ts'

export const jobDefaults = { concurrency: 4, attempts: 5, timeoutMs: 60_000, priority: 0 } as const

/** Milliseconds before the second attempt, and between attempts at the most. */
export const retryBackOff = { firstMs: 1000, longestMs: 3_600_000 } as const

export const highestPriority = 9
const longestDelayMs = 7 * 24 * 60 * 60 * 1000
/**
 * RabbitMQ gives up on a consumer that holds a message for half an hour: the five minutes that one may lie in a worker's
 * hands, the job before it, and its own time.
 */
const longestTimeoutMs = 10 * 60 * 1000
const longestId = 255

/** @throws RangeError when a job is beyond what every engine can do */
export function checkJob({ id = '', priority = jobDefaults.priority, delayMs = 0 }: NewJob): void {
  if (!Number.isInteger(priority) || priority < 0 || priority > highestPriority)
    throw new RangeError(`A job's priority is a whole number from 0 to ${highestPriority}, not ${priority}.`)
  if (!(delayMs >= 0 && delayMs <= longestDelayMs))
    throw new RangeError(`A job waits between 0 and ${longestDelayMs} ms, not ${delayMs}.`)
  if (Buffer.byteLength(id) > longestId)
    throw new RangeError(`A job's id has ${longestId} bytes at the most.`)
}

/** @throws RangeError when a name is not one that every engine can take */
export function checkQueueName(queue: string): void {
  if (!/^[\w-]{1,100}$/.test(queue))
    throw new RangeError(`A queue's name has 1 to 100 letters, digits, - and _: not ${queue}.`)
}

/** @throws RangeError when a worker's settings are beyond what every engine can do */
export function checkWorker(worker: JobWorker): void {
  const { queue, concurrency = 1, attempts = 1, timeoutMs = 1 } = worker
  checkQueueName(queue)
  for (const [name, value] of Object.entries({ concurrency, attempts })) {
    if (!Number.isInteger(value) || value < 1 || value > 1000)
      throw new RangeError(`A worker's ${name} is a whole number from 1 to 1000, not ${value}.`)
  }
  if (!(timeoutMs > 0 && timeoutMs <= longestTimeoutMs))
    throw new RangeError(`A worker's timeoutMs is at most ${longestTimeoutMs}, not ${timeoutMs}.`)
}
