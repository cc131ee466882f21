import { randomUUIDv7 } from 'node:crypto'
import { type JobWithMetadata, PgBoss } from 'pg-boss'
import { createLatch, type Latch } from '../latch.ts'
import type { Log } from '../log.ts'
import { activeTraceparent } from '../trace-context.ts'
import { checkJob, checkQueueName, checkWorker } from './bounds.ts'
import type { DeadJob, JobQueue } from './jobs.ts'
import { createQueues, deadQueueOf, jobsSchema } from './postgres/queues.ts'
import { type StoredJob, startWorkLoop, toJob } from './postgres/worker.ts'

export interface PostgresJobsSettings {
  /** Connection string of a database; schema `jobs` in it is this engine's. */
  readonly url: string
  readonly log: Log
  /** Connections; default 4. */
  readonly connections?: number
  /** Milliseconds until a worker sees a job of another process; its own process's it sees at once. Default 500. */
  readonly pollMs?: number
}

/**
 * Jobs on PostgreSQL by pg-boss.
 * Equal priorities go by the time of their publish call. A job's id is kept as pg-boss's singleton key, which may be any
 * text; its own is a UUID.
 * Time limits are rounded up to whole seconds, and a job beyond its limit is taken up again within a quarter of it (at
 * least 1 s, at most 15 s). A handler that goes on after its signal was aborted no longer counts among `concurrency`.
 * Done jobs are kept for an hour, dead ones for a year.
 */
export async function createPostgresJobs(settings: PostgresJobsSettings): Promise<JobQueue> {
  const { url, log, connections = 4, pollMs = 500 } = settings
  const boss = new PgBoss({
    connectionString: url,
    schema: jobsSchema,
    max: connections,
    application_name: 'jobs',
    schedule: false,
    // The least pg-boss allows, so that a worker can have overdue jobs looked for as often as its limit asks.
    monitorIntervalSeconds: 1,
  })
  boss.on('error', (error) => log.warn({ err: error }, 'job queue'))
  boss.on('warning', (warning) => log.warn({ warning }, 'job queue'))
  await boss.start()
  const queues = createQueues(boss)
  const latches = new Map<string, Set<Latch>>()
  const loops = new Set<{ close(): Promise<void> }>()

  function wake(queue: string): void {
    for (const latch of latches.get(queue) ?? []) latch.raise()
  }

  async function deadRows(queue: string, limit: number): Promise<JobWithMetadata<StoredJob>[]> {
    await queues.ensure(queue)
    return boss.findJobs<StoredJob>(deadQueueOf(queue), { queued: true, limit })
  }

  return {
    async publish(queue, jobs) {
      checkQueueName(queue)
      jobs.forEach(checkJob)
      if (jobs.length === 0) return []
      await queues.ensure(queue)
      const traceparent = activeTraceparent()
      const ids = jobs.map(({ id }) => id ?? randomUUIDv7())
      await boss.insert(
        queue,
        jobs.map(({ data, priority, delayMs }, index) => ({
          singletonKey: ids[index],
          data: { data, ...(traceparent ? { traceparent } : {}) } satisfies StoredJob,
          ...(priority === undefined ? {} : { priority }),
          ...(delayMs === undefined ? {} : { startAfter: delayMs / 1000 }),
        })),
      )
      wake(queue)
      return ids
    },

    async work(worker) {
      checkWorker(worker)
      await queues.configure(worker)
      const latch = createLatch()
      const queueLatches = latches.get(worker.queue) ?? new Set()
      latches.set(worker.queue, queueLatches.add(latch))
      const loop = startWorkLoop({ boss, worker, log, latch, pollMs })
      const running = {
        async close() {
          queueLatches.delete(latch)
          await loop.close()
          loops.delete(running)
        },
      }
      loops.add(running)
      return running
    },

    async deadJobs(queue, limit = 100) {
      const rows = await deadRows(queue, limit)
      return rows.map((row): DeadJob => {
        const job = toJob(queue, { ...row, retryCount: row.sourceRetryCount ?? 0 })
        return { job, cause: causeOf(row.sourceOutput), failedAt: row.createdOn }
      })
    },

    async replayDeadJobs(queue, ids) {
      await queues.ensure(queue)
      let replayed: number
      if (ids) {
        const wanted = new Set(ids)
        const rows = (await deadRows(queue, 100_000)).filter((row) => wanted.has(row.singletonKey ?? row.id))
        if (rows.length === 0) return 0
        replayed = await boss.redrive(deadQueueOf(queue), {
          ids: rows.map(({ id }) => id),
          limit: rows.length,
        })
      } else {
        replayed = await boss.redrive(deadQueueOf(queue), { limit: 100_000 })
      }
      wake(queue)
      return replayed
    },

    async ping() {
      await boss.getDb().executeSql('select 1')
    },

    async close() {
      await Promise.all([...loops].map((loop) => loop.close()))
      await boss.stop({ graceful: false, close: true })
    },
  }
}

/** What `fail` or pg-boss's own time limit left behind, down to its text. */
function causeOf(output: unknown): string {
  if (typeof output !== 'object' || output === null) return 'unknown'
  if ('message' in output) return String(output.message)
  return 'value' in output ? causeOf(output.value) : JSON.stringify(output)
}
