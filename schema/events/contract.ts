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

/** @throws ZodError when the topic's contract does not hold, with each fault's path. */
export function checkEvent<T extends Topic>(topic: T, data: unknown): DomainEvent<T> {
  return eventContracts[topic].parse(data) as DomainEvent<T>
}
