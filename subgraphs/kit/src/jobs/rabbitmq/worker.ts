import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { reasonOf } from '../../errors.ts'
import { backOff } from '../../latch.ts'
import type { Log } from '../../log.ts'
import { attemptJob } from '../attempt.ts'
import { jobDefaults, retryBackOff } from '../bounds.ts'
import { JobQueueUnavailable, type JobWorker } from '../jobs.ts'
import { connectBroker, disconnectBroker, startOver } from './connection.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { decode, type Outgoing, type StoredJob, unreadable } from './message.ts'
import type { Publisher } from './publisher.ts'
import { declareQueue, priorities, queueOf } from './topology.ts'

export interface WorkerSettings {
  readonly url: string
  readonly log: Log
  readonly worker: JobWorker
  readonly publisher: Pick<Publisher, 'send'>
}

export interface RunningWorker {
  /** @throws JobQueueUnavailable while it takes no jobs */
  check(): void
  close(): Promise<void>
}

/** What lasts for one connection: with it go all the jobs that were handed out over it. */
interface Session {
  readonly model: ChannelModel
  readonly channel: Channel
  readonly lanes: Lanes<ConsumeMessage>
  readonly tags: string[]
  readonly inHand: Set<Promise<void>>
  readonly lost: AbortController
  attached: boolean
}

/**
 * Takes a queue's jobs over a connection of its own, so that neither a blocked publisher holds up acknowledgements nor a
 * failing channel more than this worker. The broker hands out `concurrency` messages of each priority; no more than
 * `concurrency` of them are begun at once, the highest first.
 */
export async function startRabbitWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { url, log, worker, publisher } = settings
  const { queue, concurrency = jobDefaults.concurrency, attempts = jobDefaults.attempts } = worker
  let session: Session | undefined
  let closing = false

  async function setup(model: ChannelModel): Promise<void> {
    const channel = await model.createChannel()
    const made: Session = {
      model,
      channel,
      lanes: createLanes(concurrency),
      tags: [],
      inHand: new Set(),
      lost: new AbortController(),
      attached: false,
    }
    channel.on('error', (error) => log.warn({ queue, err: error }, 'a channel of RabbitMQ failed'))
    channel.on('close', () => {
      lose(made)
      if (!closing) startOver(model, log)
    })
    await declareQueue(channel, queue)
    await channel.prefetch(concurrency)
    for (const priority of priorities) {
      const { consumerTag } = await channel.consume(queueOf(queue, priority), (message) => {
        // Null: the queue was deleted, or the broker took the consumer for stuck.
        if (message === null) return startOver(model, log)
        made.lanes.add(priority, message)
        pump(made)
      })
      made.tags.push(consumerTag)
    }
    made.attached = true
    session = made
    pump(made)
  }

  function lose(gone: Session, cause?: Error): void {
    gone.attached = false
    gone.lost.abort(
      new Error('The connection to the job queue broke; the job is given to another', { cause }),
    )
    gone.lanes.clear()
    if (session === gone) session = undefined
  }

  function pump(current: Session): void {
    const { lanes, inHand } = current
    while (current.attached && !closing && inHand.size < concurrency) {
      const next = lanes.next()
      if (!next) return
      if ('afterMs' in next) {
        setTimeout(() => pump(current), next.afterMs)
        return
      }
      const work = perform(current, next.message, next.priority)
        .catch((error: unknown) => {
          log.error({ queue, err: error }, 'a job could not be brought to its end')
          startOver(current.model, log)
        })
        .finally(() => {
          inHand.delete(work)
          pump(current)
        })
      inHand.add(work)
    }
  }

  /** Publishes what becomes of a job, for as long as the job is this worker's. Answers whether it did. */
  async function pass(current: Session, outgoing: Outgoing): Promise<boolean> {
    for (let failures = 1; !current.lost.signal.aborted; failures += 1) {
      try {
        await publisher.send([outgoing])
        return true
      } catch (error) {
        log.warn({ queue, jobId: outgoing.job.id, err: error }, 'the outcome of a job could not be written')
        await new Promise((resolve) => setTimeout(resolve, backOff(failures, 100, 5000)))
      }
    }
    return false
  }

  /** Tries a job and answers where it goes next; undefined when it is done. */
  async function outcomeOf(
    current: Session,
    message: ConsumeMessage,
    priority: number,
  ): Promise<Outgoing | undefined> {
    let job: StoredJob
    try {
      job = decode(queue, message)
    } catch (error) {
      log.error({ queue, err: error }, 'a message that is no job is set aside')
      return { job: unreadable(queue, message, priority), cause: `Not a job: ${reasonOf(error)}` }
    }
    const { priority: _, ...plain } = job
    const last = job.attempt >= attempts
    const cause = await attemptJob(plain, { worker, log, last, lost: current.lost.signal })
    if (cause === undefined) return undefined
    if (last) return { job, cause }
    const delayMs = backOff(job.attempt, retryBackOff.firstMs, retryBackOff.longestMs)
    return { job: { ...job, attempt: job.attempt + 1 }, delayMs }
  }

  async function perform(current: Session, message: ConsumeMessage, priority: number): Promise<void> {
    const outgoing = await outcomeOf(current, message, priority)
    if (outgoing && !(await pass(current, outgoing))) return
    // Only now, when the effect or what follows is durable: until then the broker keeps the job for another worker.
    if (current.lost.signal.aborted) return
    current.channel.ack(message)
    current.lanes.settled(priority)
  }

  const onLost = (cause: Error) => session && lose(session, cause)
  const connection = await connectBroker({ url, log, name: `jobs: ${queue}`, setup, onLost })

  async function drain({ channel, tags, lanes, inHand }: Session): Promise<void> {
    for (const tag of tags) await channel.cancel(tag)
    for (const message of lanes.clear()) channel.nack(message)
    await Promise.all(inHand)
    // Answered after the acknowledgements before it.
    await channel.close()
  }

  return {
    check() {
      if (!session) throw new JobQueueUnavailable(`the worker of ${queue} is not connected`)
    },
    async close() {
      closing = true
      if (session) {
        const inHand = [...session.inHand]
        await drain(session).catch((error: unknown) =>
          log.warn({ queue, err: error }, 'the broker went while a worker drained'),
        )
        await Promise.all(inHand)
      }
      await disconnectBroker(connection, log)
    },
  }
}
