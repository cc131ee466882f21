import { z } from 'zod'
import { accountEvents } from './accounts.ts'
import { metadataEvents } from './metadata.ts'
import { movieEvents } from './movies.ts'
import { reviewEvents } from './reviews.ts'
import { userEvents } from './users.ts'

/** Who caused an event: a person, a bulk load, or the sample. Notifications heed `user` alone. */
export type EventOrigin = 'user' | 'import' | 'seed'

/** Every event of the platform, by topic. A topic's contract is closed over its known types and open in its fields. */
export const eventContracts = {
  'movieverse.accounts': accountEvents,
  'movieverse.users': userEvents,
  'movieverse.movies': movieEvents,
  'movieverse.metadata': metadataEvents,
  'movieverse.reviews': reviewEvents,
} as const

export type Topic = keyof typeof eventContracts
/** The JSON of one event: `{"type":"review_created","review_id":123,"user_id":42,"movie_id":8,"rating":4.5}`. */
export type DomainEvent<T extends Topic = Topic> = z.infer<(typeof eventContracts)[T]>

/**
 * How writers and readers of different versions understand each other. Both are at work at once whenever a release is
 * rolled out, and the log holds events of every release.
 * - A newer version of a type only adds fields. An older reader reads it: it checks the fields that it knows, and passes
 *   the others on as they came.
 * - A change that an older reader could not read is a new type.
 * - A reader that meets a type it does not know ignores it, and counts that. Topics whose events must not be missed say
 *   `set aside` here: the reader keeps the event as a dead letter, to be replayed once a release knows its type.
 * - What claims a known type and lacks its fields is broken: no writer may publish it, and a reader sets it aside.
 * - A topic without a contract belongs to whoever uses it, and is not checked.
 */
export const unknownTypes: Readonly<Partial<Record<Topic, 'set aside'>>> = {
  // Who is to be forgotten, or which session to end, may come under a name of tomorrow.
  'movieverse.accounts': 'set aside',
}

/** What a reader makes of an event. */
export type Reading =
  | { readonly kind: 'readable' }
  /** Of a type that its contract does not know, and lets pass. */
  | { readonly kind: 'ignored' }
  /** Not to be handled, and not to be lost. */
  | { readonly kind: 'broken'; readonly cause: string }

const readable: Reading = { kind: 'readable' }
const ignored: Reading = { kind: 'ignored' }

const knownTypes = Object.fromEntries(
  Object.entries(eventContracts).map(([topic, contract]) => [
    topic,
    new Set<unknown>(contract.options.map(({ shape }) => shape.type.value)),
  ]),
)

function isTopic(topic: string): topic is Topic {
  return Object.hasOwn(eventContracts, topic)
}

/** Judges an event as the rules above say. */
export function readEvent(topic: string, data: Readonly<Record<string, unknown>>): Reading {
  if (!isTopic(topic)) return readable
  if (typeof data.type === 'string' && !knownTypes[topic]?.has(data.type)) {
    return unknownTypes[topic] === 'set aside'
      ? { kind: 'broken', cause: `This release does not know the type ${data.type}` }
      : ignored
  }
  const { success, error } = eventContracts[topic].safeParse(data)
  return success ? readable : { kind: 'broken', cause: z.prettifyError(error) }
}

/**
 * The same at the publishing end. Types that are not known pass: a relay of the last release also carries the events of
 * the next one, which checked them when it wrote them (`checkEvent`).
 * @throws Error when an event of a known type breaks its contract
 */
export function checkPublished(
  topic: string,
  { id, data }: { readonly id: string; readonly data: Readonly<Record<string, unknown>> },
): void {
  if (!isTopic(topic) || (typeof data.type === 'string' && !knownTypes[topic]?.has(data.type))) return
  const { success, error } = eventContracts[topic].safeParse(data)
  if (!success) throw new Error(`Event ${id} breaks the contract of ${topic}: ${z.prettifyError(error)}`)
}

/** @throws ZodError when the topic's contract does not hold, with each fault's path. */
export function checkEvent<T extends Topic>(topic: T, data: unknown): DomainEvent<T> {
  return eventContracts[topic].parse(data) as DomainEvent<T>
}
