import type { PgBoss } from 'pg-boss'
import { jobDefaults, retryBackOff } from '../bounds.ts'
import type { JobWorker } from '../jobs.ts'

/** Schema in the database that pg-boss keeps its tables in. */
export const jobsSchema = 'jobs'

/** Where jobs go that are out of attempts. */
export const deadQueueOf = (queue: string): string => `${queue}.dead`

const year = 365 * 24 * 60 * 60
const retrySettings = {
  retryBackoff: true,
  retryDelay: retryBackOff.firstMs / 1000,
  retryDelayMax: retryBackOff.longestMs / 1000,
} as const

/** Queues in pg-boss, made on first use. */
export interface Queues {
  ensure(queue: string): Promise<void>
  /** Gives a queue its worker's attempts and time limit, for jobs to come and those that wait. */
  configure(worker: JobWorker): Promise<void>
}

/** @returns seconds, which is as fine as pg-boss counts, never shorter than asked */
const secondsOf = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

export function createQueues(boss: PgBoss): Queues {
  const made = new Map<string, Promise<void>>()

  async function make(queue: string): Promise<void> {
    // Kept until somebody replays or deletes them.
    await boss.createQueue(deadQueueOf(queue), { retentionSeconds: year, deleteAfterSeconds: year })
    await boss.createQueue(queue, {
      deadLetter: deadQueueOf(queue),
      retryLimit: jobDefaults.attempts - 1,
      expireInSeconds: secondsOf(jobDefaults.timeoutMs),
      retentionSeconds: year,
      deleteAfterSeconds: 3600,
      ...retrySettings,
    })
  }

  async function ensure(queue: string): Promise<void> {
    const known = made.get(queue) ?? make(queue)
    made.set(queue, known)
    await known.catch((error: unknown) => {
      made.delete(queue)
      throw error
    })
  }

  return {
    ensure,
    async configure({ queue, attempts = jobDefaults.attempts, timeoutMs = jobDefaults.timeoutMs }) {
      await ensure(queue)
      const retryLimit = attempts - 1
      const expireInSeconds = secondsOf(timeoutMs)
      await boss.updateQueue(queue, { retryLimit, expireInSeconds, ...retrySettings })
      // pg-boss copies a queue's settings into a job when it is queued and has no call for those that wait already:
      // without this a job that came before its first worker would keep the defaults.
      await boss.getDb().executeSql(
        `update ${jobsSchema}.job set retry_limit = $2, expire_seconds = $3
         where name = $1 and state < 'active' and (retry_limit, expire_seconds) is distinct from ($2, $3)`,
        [queue, retryLimit, expireInSeconds],
      )
    },
  }
}
