import { type BusEvent, DeadLetterError, type EventConsumer } from '@movieverse/kit/bus/bus'
import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'
import { checkEvent, type DomainEvent, type Topic } from '@movieverse/schema/events/contract'
import { ZodError } from 'zod'
import type { Directory } from './directory.ts'
import type { KnownKind, Profile, ProfileStore, Target, Tell } from './store.ts'

const topic = 'movieverse.users'

type Changed = Pick<Profile, 'userId' | 'version'>

export function profileUpdated({ userId, version }: Changed): OutgoingEvent {
  return { topic, key: userId, data: { type: 'profile_updated', user_id: userId, version } }
}

export function followChanged(target: Target, following: boolean): Tell {
  return ({ userId, version }) => {
    const type = following ? ('followed' as const) : ('unfollowed' as const)
    const data = { type, user_id: userId, target_type: target.type, target_id: target.id, version }
    return [{ topic, key: userId, data }]
  }
}

interface ConsumerParts {
  readonly store: ProfileStore
  readonly directory: Directory
}

/**
 * Makes and erases profiles as accounts come and go, and keeps the ids of genres and people. Each effect is an upsert that
 * may be repeated, and an erasure outlives whatever comes late, so no inbox is kept: a replay builds everything anew.
 */
export function createConsumers({ store, directory }: ConsumerParts): readonly EventConsumer[] {
  return [
    {
      group: 'users-accounts',
      topics: ['movieverse.accounts'],
      async handle(event) {
        const data = read('movieverse.accounts', event)
        if (data.type === 'user_registered') {
          const { user_id: userId, username } = data
          await store.add([{ userId, username, displayName: username, joinedAt: event.time }])
        } else if (data.type === 'user_erased') {
          await store.erase(data.user_id)
        } else if (data.type === 'users_imported') {
          for (const ids of batches(data)) {
            const missing = await store.missingIn(ids.first, ids.last)
            if (missing.length > 0) await directory.learnMembers(missing)
          }
        }
      },
    },
    {
      group: 'users-metadata',
      topics: ['movieverse.metadata'],
      async handle(event) {
        const data = read('movieverse.metadata', event)
        if (data.type === 'genre_saved') await directory.existing('genre', [data.genre_id])
        else if (data.type === 'person_saved') await directory.existing('person', [data.person_id])
        else if (data.type === 'genres_imported') await learnRange('genre', data)
        else if (data.type === 'people_imported') await learnRange('person', data)
      },
    },
  ]

  async function learnRange(kind: KnownKind, range: ImportedRange): Promise<void> {
    for (const { first, last } of batches(range)) {
      const ids = Array.from({ length: last - first + 1 }, (_, index) => first + index)
      // A range without a gap names each of its ids: nothing is left to ask the owner.
      if (range.last_id - range.first_id + 1 === range.count) await store.addKnown(kind, ids)
      else await directory.existing(kind, ids)
    }
  }
}

interface ImportedRange {
  readonly first_id: number
  readonly last_id: number
  readonly count: number
}

/** Others' ids may lie between those of an import: a range is read in steps that a statement can take. */
function* batches({ first_id, last_id }: ImportedRange): Generator<{ first: number; last: number }> {
  for (let first = first_id; first <= last_id; first += 1000)
    yield { first, last: Math.min(first + 999, last_id) }
}

/** @throws DeadLetterError for an event that breaks its contract: the same event is no better the next time */
function read<T extends Topic>(name: T, event: BusEvent): DomainEvent<T> {
  try {
    return checkEvent(name, event.data)
  } catch (error) {
    if (error instanceof ZodError) throw new DeadLetterError(error.message, { cause: error })
    throw error
  }
}
