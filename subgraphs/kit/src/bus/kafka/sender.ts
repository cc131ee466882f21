import { type Kafka, type Message, Partitioners, type Producer, type TopicMessages } from 'kafkajs'
import type { Log } from '../../log.ts'
import { headerText } from './message.ts'

/** Writes records. */
export interface Sender {
  /** Resolved when all in-sync replicas have them. Rejected: not known, send again. One call at a time keeps order. */
  send(records: readonly TopicMessages[]): Promise<void>
  close(): Promise<void>
}

const allReplicas = -1

/**
 * An idempotent producer: what it sends again by itself is stored once and in order. After a failure it is made anew, since
 * its sequence numbers no longer say what the broker has; records that are then sent again may be stored twice.
 * Records go to the partition of their subject, the aggregate, by the hash that Kafka's own clients use.
 */
export function createSender({ kafka, log }: { kafka: Kafka; log: Log }): Sender {
  const partition = Partitioners.DefaultPartitioner()
  let current: Promise<Producer> | undefined

  async function open(): Promise<Producer> {
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => (args) => partition({ ...args, message: bySubject(args.message) }),
    })
    await producer.connect()
    return producer
  }

  async function drop(): Promise<void> {
    const dropped = current
    current = undefined
    try {
      await (await dropped)?.disconnect()
    } catch (error) {
      log.debug({ err: error }, 'event bus: a producer was left behind')
    }
  }

  return {
    async send(records) {
      try {
        current ??= open()
        await (await current).sendBatch({ acks: allReplicas, topicMessages: [...records] })
      } catch (error) {
        await drop()
        throw error
      }
    },
    close: drop,
  }
}

const bySubject = (message: Message): Message => ({
  ...message,
  key: headerText(message.headers, 'ce_subject') ?? message.key,
})
