import { randomUUIDv7 } from 'node:crypto'
import type { Log } from '../log.ts'
import { activeTraceparent } from '../trace-context.ts'
import { checkJob, checkQueueName, checkWorker, jobDefaults } from './bounds.ts'
import type { JobQueue } from './jobs.ts'
import { listDead, replayDead } from './rabbitmq/dead.ts'
import { createPublisher } from './rabbitmq/publisher.ts'
import { type RunningWorker, startRabbitWorker } from './rabbitmq/worker.ts'

export interface RabbitJobsSettings {
  /** `amqp://user:password@host:port/vhost`; queues and exchanges that begin with `jobs` are this engine's. */
  readonly url: string
  readonly log: Log
  /** Milliseconds that publishing waits for a broker that is away; default 5,000. */
  readonly patienceMs?: number
}

/**
 * Jobs on RabbitMQ 3.10 or newer, by quorum queues and publisher confirms.
 * - A job published while the broker goes away is published again until it is confirmed, so it may be queued twice.
 * - Each priority is a queue. A worker holds up to `concurrency` jobs of each that wait, and begins with the highest.
 * - Waits (delays, back-off) are rounded up to a quarter of a second and pass in the broker: see `ladder.ts`.
 * - A worker that is killed loses its jobs at once, one that hangs after two heartbeats (10 s each; `?heartbeat=` in the
 *   URL); what it held goes to others, up to 20 times, then among the dead.
 * - A restart of the broker, or the loss of the connection, aborts the jobs in hand; they are done again.
 * - RabbitMQ 3 may lose a queue that was made in the second before it is killed: it writes its list of queues late.
 * @throws StartupError ENGINE_UNREACHABLE when there is no broker for a quarter of a minute
 */
export async function createRabbitJobs(settings: RabbitJobsSettings): Promise<JobQueue> {
  const { url, log, patienceMs = 5000 } = settings
  const publisher = await createPublisher({ url, log, patienceMs })
  const workers = new Set<RunningWorker>()

  return {
    async publish(queue, jobs) {
      checkQueueName(queue)
      jobs.forEach(checkJob)
      const traceparent = activeTraceparent()
      const messages = jobs.map(
        ({ id = randomUUIDv7(), data, priority = jobDefaults.priority, delayMs = 0 }) => ({
          job: { id, queue, data, attempt: 1, priority, ...(traceparent ? { traceparent } : {}) },
          delayMs,
        }),
      )
      await publisher.send(messages)
      return messages.map(({ job }) => job.id)
    },

    async work(worker) {
      checkWorker(worker)
      const running = await startRabbitWorker({ url, log, worker, publisher })
      workers.add(running)
      return {
        async close() {
          workers.delete(running)
          await running.close()
        },
      }
    },

    deadJobs: (queue, limit = 100) => listDead(publisher, queue, limit),
    replayDeadJobs: (queue, ids) => replayDead(publisher, queue, ids),

    async ping() {
      await publisher.check()
      for (const worker of workers) worker.check()
    },

    async close() {
      await Promise.all([...workers].map((worker) => worker.close()))
      workers.clear()
      await publisher.close()
    },
  }
}
