import { reasonOf, serviceUnavailable } from '@movieverse/kit/errors'
import type { Log } from '@movieverse/kit/log'
import type { EntityReader } from '@movieverse/kit/subgraph'
import type { KnownKind, NewProfile, Profile, ProfileStore } from './store.ts'

/**
 * What others own and this service needs to know of: accounts, genres, people. Answered from what the events have brought;
 * what they have not brought yet is read from its owner.
 */
export interface Directory {
  /** In the order of the ids; null for unknown and erased users. Two statements at most, however many ids. */
  profiles(ids: readonly number[]): Promise<readonly (Profile | null)[]>
  /** Makes profiles of accounts, as far as their owner has them. @throws when it does not answer */
  learnMembers(ids: readonly number[]): Promise<void>
  /** Those of the ids that there are. @throws GraphQLError SERVICE_UNAVAILABLE when that cannot be told */
  existing(kind: KnownKind, ids: readonly number[]): Promise<ReadonlySet<number>>
  /** Takes up genres or people, as far as their owner has them. @throws when it does not answer */
  learn(kind: KnownKind, ids: readonly number[]): Promise<ReadonlySet<number>>
}

const typenames = { genre: 'Genre', person: 'Person' } as const

interface DirectoryParts {
  readonly store: ProfileStore
  readonly entities: EntityReader
  readonly log: Log
}

export function createDirectory({ store, entities, log }: DirectoryParts): Directory {
  async function learnMembers(ids: readonly number[]): Promise<void> {
    const accounts = await entities.read<{ username: string; createdAt: string }>(
      'auth',
      'Account',
      ids,
      'username createdAt',
    )
    const profiles = accounts.flatMap((account, index): NewProfile[] => {
      const userId = ids[index]
      if (!account || userId === undefined) return []
      const { username, createdAt } = account
      return [{ userId, username, displayName: username, joinedAt: new Date(createdAt) }]
    })
    if (profiles.length > 0) await store.add(profiles)
  }

  async function learn(kind: KnownKind, ids: readonly number[]): Promise<ReadonlySet<number>> {
    const found = await entities.read<{ id: string }>('metadata', typenames[kind], ids, 'id')
    const present = ids.filter((_, index) => found[index])
    if (present.length > 0) await store.addKnown(kind, present)
    return new Set(present)
  }

  const present = (profile: Profile | 'erased' | null | undefined) =>
    profile === 'erased' || profile === undefined ? null : profile

  return {
    learn,
    learnMembers,

    async profiles(ids) {
      const stored = await store.byIds(ids)
      const unknown = ids.filter((_, index) => stored[index] === null)
      if (unknown.length === 0) return stored.map(present)
      try {
        await learnMembers(unknown)
      } catch (error) {
        // A page without one author is better than no page; the event will bring the profile.
        log.warn(
          { users: unknown.length, reason: reasonOf(error) },
          'profiles of unknown users cannot be made',
        )
        return stored.map(present)
      }
      const learnt = new Map((await store.byIds(unknown)).map((profile, index) => [unknown[index], profile]))
      return ids.map((id, index) => present(stored[index] ?? learnt.get(id)))
    },

    async existing(kind, ids) {
      const known = await store.known(kind, ids)
      const unknown = ids.filter((id) => !known.has(id))
      if (unknown.length === 0) return known
      try {
        return new Set([...known, ...(await learn(kind, unknown))])
      } catch (error) {
        log.warn({ kind, reason: reasonOf(error) }, 'the owner of genres and people does not answer')
        throw serviceUnavailable()
      }
    },
  }
}
