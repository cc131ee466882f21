import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib'
import { withDeadline } from '../../deadline.ts'
import { backOff } from '../../latch.ts'
import type { Log } from '../../log.ts'
import { JobQueueUnavailable } from '../jobs.ts'
import { connectBroker, disconnectBroker, startOver } from './connection.ts'
import { declareLadder, waitingRoute } from './ladder.ts'
import { encode, type Outgoing } from './message.ts'
import { deadQueueOf, declareQueue, queueOf } from './topology.ts'

export interface Publisher {
  /**
   * Resolved when the broker has confirmed every message, which it does once a majority has written it to disk. Waits
   * for a broker that is away and sends again what it has not confirmed.
   * @throws JobQueueUnavailable when that takes too long
   */
  send(messages: readonly Outgoing[]): Promise<void>
  /** Runs `work` on a channel of its own; what it took and did not acknowledge goes back. @throws JobQueueUnavailable */
  withChannel<T>(work: (channel: Channel) => Promise<T>): Promise<T>
  /** Rejects with the reason when the broker does not answer. */
  check(): Promise<void>
  close(): Promise<void>
}

export interface PublisherSettings {
  readonly url: string
  readonly log: Log
  /** Milliseconds that a call waits for a broker that is away. */
  readonly patienceMs: number
}

/** What lasts for one connection. */
interface Session {
  readonly model: ChannelModel
  readonly channel: ConfirmChannel
  /** What was declared on it, by name. */
  readonly declared: Map<string, Promise<void>>
  /** Messages that the broker could not route, by their number. It says so before it confirms them. */
  readonly returned: Set<string>
  published: number
}

/** Messages under way at once. */
const window = 500
/** access-refused, resource-locked, precondition-failed: the broker is there and will not have it. */
const refusals = new Set<unknown>([403, 405, 406])

const isRefusal = (error: unknown): boolean =>
  error instanceof TypeError ||
  error instanceof RangeError ||
  (error instanceof Error && 'code' in error && refusals.has(error.code))

export async function createPublisher({ url, log, patienceMs }: PublisherSettings): Promise<Publisher> {
  let session: Session | undefined
  let arrival = Promise.withResolvers<Session>()
  let closed = false

  async function setup(model: ChannelModel): Promise<void> {
    const channel = await model.createConfirmChannel()
    const made: Session = { model, channel, declared: new Map(), returned: new Set(), published: 0 }
    channel.on('return', ({ properties }) => made.returned.add(String(properties.correlationId)))
    channel.on('error', (error) => log.warn({ err: error }, 'a channel of RabbitMQ failed'))
    channel.on('close', () => {
      if (session === made) session = undefined
      if (!closed) startOver(model, log)
    })
    session = made
    arrival.resolve(made)
    arrival = Promise.withResolvers()
  }

  const onLost = () => {
    session = undefined
  }
  const connection = await connectBroker({ url, log, name: 'jobs: publisher', setup, onLost })

  /** Runs `work` in the session of the moment, again in the next one while time remains. */
  async function inSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const until = performance.now() + patienceMs
    for (let failures = 1; ; failures += 1) {
      try {
        if (closed) throw new Error('it was closed')
        return await withDeadline(Math.max(1, Math.ceil(until - performance.now())), async () =>
          work(session ?? (await arrival.promise)),
        )
      } catch (error) {
        if (isRefusal(error)) throw error
        const waitMs = backOff(failures, 50, 500)
        if (closed || performance.now() + waitMs > until) throw new JobQueueUnavailable(error)
        await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
    }
  }

  async function declare(current: Session, name: string, work: () => Promise<void>): Promise<void> {
    const known = current.declared.get(name) ?? work()
    current.declared.set(name, known)
    await known.catch((error: unknown) => {
      current.declared.delete(name)
      throw error
    })
  }

  async function declareFor(current: Session, messages: Iterable<Outgoing>): Promise<void> {
    for (const { job, delayMs } of messages) {
      const name = queueOf(job.queue, job.priority)
      await declare(current, name, () => declareQueue(current.channel, job.queue, [job.priority]))
      if (delayMs) await declare(current, 'ladder', () => declareLadder(current.channel))
    }
  }

  return {
    async send(messages) {
      const open = new Set(messages)
      await inSession(async (current) => {
        await declareFor(current, open)
        const rest = [...open]
        while (rest.length > 0) {
          const outcomes = await Promise.allSettled(
            rest.splice(0, window).map(async (message) => {
              await publish(current, message)
              open.delete(message)
            }),
          )
          const failed = outcomes.find(({ status }) => status === 'rejected')
          if (failed?.status === 'rejected') throw failed.reason
        }
      })
    },

    withChannel: (work) =>
      inSession(async ({ model }) => {
        const channel = await model.createChannel()
        const failure = Promise.withResolvers<never>()
        channel.on('error', failure.reject)
        try {
          return await Promise.race([work(channel), failure.promise])
        } finally {
          // Closed already where the broker was the one to fail.
          await channel
            .close()
            .catch((error: unknown) => log.debug({ err: error }, 'a channel was closed before'))
        }
      }),

    async check() {
      if (!session) throw new JobQueueUnavailable('not connected')
      const { channel } = session
      await withDeadline(2000, () => channel.checkExchange('amq.direct'))
    },

    async close() {
      closed = true
      await disconnectBroker(connection, log)
    },
  }
}

/** Resolved when the broker has confirmed the message. */
function publish(session: Session, message: Outgoing): Promise<void> {
  const { channel, returned, declared } = session
  const { job, delayMs = 0, cause } = message
  const route =
    cause === undefined
      ? waitingRoute(queueOf(job.queue, job.priority), delayMs)
      : { exchange: '', routingKey: deadQueueOf(job.queue) }
  session.published += 1
  const number = `${session.published}`
  const { content, options } = encode(message)
  return new Promise((resolve, reject) => {
    channel.publish(
      route.exchange,
      route.routingKey,
      content,
      { ...options, correlationId: number },
      (error: unknown) => {
        if (error) reject(error)
        else if (returned.delete(number)) {
          declared.clear()
          reject(new Error(`The queue ${route.routingKey} is gone`))
        } else resolve()
      },
    )
  })
}
