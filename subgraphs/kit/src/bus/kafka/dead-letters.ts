import { randomUUID } from 'node:crypto'
import type { Admin, IHeaders, Kafka, KafkaMessage, Message } from 'kafkajs'
import type { BusEvent, DeadLetter } from '../bus.ts'
import type { LetterBox } from '../deliveries.ts'
import { headerText, readMessage, toMessage } from './message.ts'
import type { KafkaNames } from './names.ts'
import type { Sender } from './sender.ts'
import { whenSettled } from './settling.ts'
import { groupTimings } from './timings.ts'

/** What a record in a group's topic of dead letters says of its event. */
type LetterState = 'set aside' | 'replay' | 'done'

export interface KafkaDeadLetters extends LetterBox {
  list(group: string, limit: number): Promise<readonly DeadLetter[]>
  /** Asks the group's members to handle events once more. @returns how many */
  requestReplay(group: string, eventIds: readonly string[] | undefined): Promise<number>
}

export interface DeadLetterSettings {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly sender: Sender
  readonly names: KafkaNames
}

/**
 * Dead letters of a group in the topic `<group>.dlq`: the event as it was, with headers `letter` (what happens to it),
 * `letter_topic` (where it came from), `letter_cause` and `letter_attempts`. The group's members read that topic, too, and
 * handle what asks for a replay. An event's last record says how it stands.
 */
export function createDeadLetters(settings: DeadLetterSettings): KafkaDeadLetters {
  const { sender, names } = settings

  async function write(group: string, messages: readonly Message[]): Promise<void> {
    if (messages.length > 0) await sender.send([{ topic: names.letters(group), messages: [...messages] }])
  }

  /** The last record of each event, those first that came first. */
  async function readAll(group: string): Promise<ReadonlyMap<string, OpenLetter>> {
    const letters = new Map<string, OpenLetter>()
    await readTopic(settings, names.letters(group), (message) => {
      const letter = readLetter(group, message)
      letters.delete(letter.event.id)
      if (letter.state !== 'done') letters.set(letter.event.id, letter)
    })
    return letters
  }

  return {
    put: ({ group, event, cause, attempts }) =>
      write(group, [toLetter(event, 'set aside', { cause, attempts })]),

    remove: (group, event) => write(group, [toLetter(event, 'done')]),

    async list(group, limit) {
      const letters = [...(await readAll(group)).values()]
      return letters
        .filter(({ state }) => state === 'set aside')
        .slice(0, limit)
        .map(({ state: _, ...letter }) => letter)
    },

    async requestReplay(group, eventIds) {
      const wanted = eventIds && new Set(eventIds)
      const letters = [...(await readAll(group)).values()]
      const replayed = letters.filter(
        ({ state, event }) => state === 'set aside' && (wanted === undefined || wanted.has(event.id)),
      )
      await write(
        group,
        replayed.map(({ event, cause, attempts }) => toLetter(event, 'replay', { cause, attempts })),
      )
      return replayed.length
    },
  }
}

interface OpenLetter extends DeadLetter {
  readonly state: LetterState
}

function toLetter(
  event: BusEvent,
  state: LetterState,
  why?: { readonly cause: string; readonly attempts: number },
): Message {
  const { headers, ...message } = toMessage(event)
  const about: IHeaders = { ...headers, letter: state, letter_topic: event.topic }
  if (why) {
    about.letter_cause = why.cause
    about.letter_attempts = String(why.attempts)
  }
  return { ...message, headers: about }
}

/** Reads a record of a topic of dead letters. */
export function readLetter(group: string, message: KafkaMessage): OpenLetter {
  const text = (name: string) => headerText(message.headers, name)
  const { event } = readMessage({ topic: text('letter_topic') ?? '', partition: 0 }, message)
  return {
    group,
    event,
    cause: text('letter_cause') ?? '',
    attempts: Number(text('letter_attempts') ?? 0),
    failedAt: new Date(Number(message.timestamp)),
    state: (text('letter') ?? 'done') as LetterState,
  }
}

/** Reads a topic from its first record to what is its end now, partition by partition in order. */
async function readTopic(
  { kafka, admin }: DeadLetterSettings,
  topic: string,
  read: (message: KafkaMessage) => void,
): Promise<void> {
  const ends = await whenSettled(() => admin.fetchTopicOffsets(topic))
  const left = new Map(
    ends.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, Number(high)]),
  )
  if (left.size === 0) return
  // Reading needs a group; this one has no other member and commits nothing.
  const groupId = `${topic}.reader-${randomUUID()}`
  const consumer = kafka.consumer({ ...groupTimings, groupId, allowAutoTopicCreation: false })
  const finished = Promise.withResolvers<Error | undefined>()
  consumer.on(consumer.events.CRASH, ({ payload }) => finished.resolve(payload.error))
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      async eachBatch({ batch }) {
        const end = left.get(batch.partition)
        if (end === undefined) return
        for (const message of batch.messages) if (Number(message.offset) < end) read(message)
        if (Number(batch.lastOffset()) + 1 >= end) left.delete(batch.partition)
        if (left.size === 0) finished.resolve(undefined)
      },
    })
    const failure = await finished.promise
    if (failure) throw failure
  } finally {
    await consumer.disconnect()
    await admin.deleteGroups([groupId])
  }
}
