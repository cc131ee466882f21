import type { Admin } from 'kafkajs'
import { withDeadline } from '../deadline.ts'
import { reasonOf, StartupError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { EventBus } from './bus.ts'
import { createDeliveries } from './deliveries.ts'
import { createKafkaClient } from './kafka/client.ts'
import { createDeadLetters } from './kafka/dead-letters.ts'
import { type Member, startMember } from './kafka/member.ts'
import { toMessage } from './kafka/message.ts'
import { createKafkaNames } from './kafka/names.ts'
import { countBehind, moveGroup, offsetsAt, offsetsOf } from './kafka/offsets.ts'
import { createSender } from './kafka/sender.ts'
import { createTopics } from './kafka/topics.ts'
import { createPublisher } from './publish.ts'

export interface KafkaBusSettings {
  /** Addresses of brokers, `host:port`; one that answers is enough to find the others. */
  readonly brokers: readonly string[]
  readonly log: Log
  /** Stands before every topic and group, where a cluster is shared; default none. */
  readonly prefix?: string
  /** Of topics that are made: as many members of a group can work at once; default 8. */
  readonly partitions?: number
  /** Events of one member that are handled at once, each of another key; default 32. */
  readonly concurrency?: number
  /** Milliseconds after which an attempt of a handler has failed; default 60,000. */
  readonly timeoutMs?: number
  /** Milliseconds that events are kept, in topics that are made; default 90 days. */
  readonly retentionMs?: number
}

const day = 24 * 60 * 60 * 1000
const pingMs = 5000

/**
 * The event bus on Kafka (protocol of 2.1 or newer), by kafkajs.
 * Durability: `publish` resolves when all in-sync replicas have the events; a rejection means that it is not known, publish
 * again with the same ids. Order: per topic and key, by partition; a member handles events of different keys at the same
 * time, and commits an offset when all events before it are done.
 * A failing event holds back its own key until its attempts are used up, then lies in the topic `<group>.dlq`. Failures by a
 * dependency that is down (`isOutage`) are no attempts. When members come or go, events that another had in hand may be
 * delivered twice, at the same time even: effects are idempotent (inbox).
 * While no broker answers, publishing rejects after some seconds and members wait; they go on by themselves.
 * `seek` with a time goes by the brokers' clock at publishing. Topics are made when they are first used.
 * @throws StartupError when no broker answers
 */
export async function createKafkaBus(settings: KafkaBusSettings): Promise<EventBus> {
  const { brokers, log, prefix = '', partitions = 8, concurrency = 32, timeoutMs = 60_000 } = settings
  const kafka = createKafkaClient({ brokers, log })
  const admin = kafka.admin()
  await connect(admin, brokers)
  const names = createKafkaNames(prefix)
  const topics = createTopics({ admin, partitions, retentionMs: settings.retentionMs ?? 90 * day })
  const sender = createSender({ kafka, log })
  const letters = createDeadLetters({ kafka, admin, sender, names })
  const members = new Set<Member>()
  let closed = false

  const ensureGroup = async (group: string, used: readonly string[]) => {
    await Promise.all([
      topics.ensureEvents(used.map(names.topic)),
      topics.ensureLetters(names.letters(group)),
    ])
  }

  async function lag(group: string, used: readonly string[]): Promise<number> {
    await ensureGroup(group, used)
    const all = [...used.map(names.topic), names.letters(group)]
    const behind = await Promise.all(all.map((topic) => countBehind(admin, names.group(group), topic)))
    return behind.reduce((sum, events) => sum + events, 0)
  }

  return {
    publish: createPublisher(async (events) => {
      const messages = Map.groupBy(events, ({ topic }) => names.topic(topic))
      await topics.ensureEvents([...messages.keys()])
      await sender.send([...messages].map(([topic, sent]) => ({ topic, messages: sent.map(toMessage) })))
    }),

    async subscribe(consumer) {
      const { group, topics: used, from = 'beginning' } = consumer
      await ensureGroup(group, used)
      // A group's own start is written down before it reads: a crash before its first commit must not move it.
      for (const topic of from === 'end' ? used.map(names.topic) : []) {
        const known = await offsetsOf(admin, names.group(group), topic)
        const ends = await offsetsAt(admin, topic, 'end')
        const offsets = new Map([...ends].filter(([partition]) => !known.has(partition)))
        if (offsets.size > 0) await moveGroup(kafka, { group: names.group(group), topic, offsets })
      }
      const member = startMember({
        kafka,
        consumer,
        deliveries: createDeliveries({ consumer, log, timeoutMs, letters }),
        names,
        log,
        concurrency,
        lag: () => lag(group, used),
      })
      members.add(member)
      await member.joined
      return {
        async close() {
          if (members.delete(member)) await member.close()
        },
      }
    },

    async seek(group, topic, position) {
      await ensureGroup(group, [topic])
      const offsets = await offsetsAt(admin, names.topic(topic), position)
      await moveGroup(kafka, { group: names.group(group), topic: names.topic(topic), offsets })
    },

    lag,

    async deadLetters(group, limit = 100) {
      await topics.ensureLetters(names.letters(group))
      return letters.list(group, limit)
    },

    async replayDeadLetters(group, eventIds) {
      await topics.ensureLetters(names.letters(group))
      return letters.requestReplay(group, eventIds)
    },

    async ping() {
      if (closed) throw new Error('The event bus is closed')
      await withDeadline(pingMs, () => admin.describeCluster())
    },

    async close() {
      closed = true
      await Promise.all([...members].map((member) => member.close()))
      members.clear()
      await sender.close()
      await admin.disconnect()
    },
  }
}

async function connect(admin: Admin, brokers: readonly string[]): Promise<void> {
  try {
    await admin.connect()
  } catch (error) {
    throw new StartupError(
      'ENGINE_UNREACHABLE',
      `No Kafka broker answers at ${brokers.join(', ')}: ${reasonOf(error)}`,
      'Start one, or set KAFKA_BROKERS to where one listens.',
      { cause: error },
    )
  }
}
