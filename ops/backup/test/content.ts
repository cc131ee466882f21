import { openAuthEngine } from '@movieverse/auth/engine'
import { userErased, userRegistered } from '@movieverse/auth/events'
import type { EventBus } from '@movieverse/kit/bus/bus'
import { createPostgresBus } from '@movieverse/kit/bus/postgres'
import { openDatabases } from '@movieverse/kit/databases/databases'
import { createPostgresJobs } from '@movieverse/kit/jobs/postgres'
import { silentLog } from '@movieverse/kit/log'
import { awkward } from '@movieverse/kit/testing/values'
import { openStores } from '../../load/open.ts'
import { createImporters } from '../../load/stores.ts'
import { storedServices } from '../places.ts'
import type { Stores } from './platform.ts'

/** The platform's parts over a set of stores, opened by each owner's own code. */
export async function openParts({ env, dataDir }: Pick<Stores, 'env' | 'dataDir'>) {
  const services = storedServices({})
  const databases = await openDatabases({ services, env, dataDir, log: silentLog })
  for (const service of services) await databases.migrate(service)
  const stores = await openStores(databases.url, silentLog)
  const accounts = openAuthEngine(databases.url('auth'), { connections: 1 })
  const url = databases.url('platform')
  const bus = await createPostgresBus({ url, log: silentLog, pollMs: 50, leaseMs: 1500 })
  const jobs = await createPostgresJobs({ url, log: silentLog, pollMs: 100 })
  return {
    ...stores,
    importers: createImporters(stores),
    bus,
    jobs,
    async register(name: string): Promise<number> {
      const account = await accounts.store.insert(
        {
          email: `${name}@example.com`,
          emailKey: `${name}@example.com`,
          username: name,
          usernameKey: name,
          passwordHash: 'hash',
          admin: false,
        },
        (made) => [userRegistered(made)],
      )
      return account.id
    },
    erase: (id: number) => accounts.store.erase(id, (account) => [userErased(account)]),
    /** Events that have not left auth yet. */
    async untold(): Promise<readonly Record<string, unknown>[]> {
      const rows = await accounts.database.sql.query<{ data: Record<string, unknown> }>(
        'SELECT data FROM outbox ORDER BY position',
        [],
      )
      return rows.map(({ data }) => data)
    },
    async close() {
      await jobs.close()
      await bus.close()
      await accounts.store.close()
      await stores.close()
      await databases.stop()
    },
  }
}

export type Parts = Awaited<ReturnType<typeof openParts>>

/** Films, people, members, ratings, a job and events of every kind, with texts over which stores stumble. */
export async function fill({ importers, jobs, bus }: Parts): Promise<void> {
  const genres = await importers.importGenres(['Drama', 'Über-Crime'], 'seed')
  const films = await importers.importMovies(
    awkward.texts.map((text, index) => ({
      title: `${text.replaceAll(/\p{Cc}/gu, ' ')} ${index}`,
      alternativeTitles: [`${index} 🎬`],
      genreIds: [genres[index % 2] ?? 0],
      countries: ['FR'],
      releaseDate: awkward.days[index % awkward.days.length],
      voteAverage: awkward.decimals[index % awkward.decimals.length],
      voteCount: index,
    })),
    'seed',
  )
  await importers.knowMovies(films)
  const people = await importers.importPeople([{ tmdbPersonId: 7, name: "Zoë O'Tab\\n" }], 'seed')
  await importers.importCredits(
    films.map((movieId) => ({
      movieId,
      cast: [{ personId: people[0] ?? 0, character: '«Ünï» \\ "q"', order: 0 }],
      directorIds: people,
      keywords: ['kéyword'],
    })),
    'seed',
  )
  const [member] = await importers.importMembers([{ source: 'tests:1', username: 'mémber' }], 'seed')
  const userId = member?.id ?? 0
  const joinedAt = new Date('2026-10-25T01:30:00.123Z')
  await importers.importProfiles([{ userId, username: 'mémber', displayName: '🎬 Ünï', joinedAt }])
  const reviews = films.map((movieId) => ({ userId, movieId, rating: 4.5, createdAt: joinedAt }))
  await importers.importReviews(reviews, 'seed')
  await jobs.publish('letters', [{ id: 'letter-1', data: { to: 7, text: 'näher\n\t\\.' } }])
  await publish(bus, 40)
}

const topic = 'movieverse.reviews'

const eventId = (number: number) => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`
/** The number of an event by its id. */
export const numberOf = (id: string) => Number(id.slice(-12))

export async function publish(bus: EventBus, count: number, first = 1): Promise<void> {
  await bus.publish(
    Array.from({ length: count }, (_, index) => {
      const number = first + index
      const data = {
        type: 'review_created',
        review_id: number,
        user_id: 1,
        movie_id: 1 + (number % 5),
        rating: 4,
      }
      return {
        id: eventId(number),
        source: 'tests',
        topic,
        key: String(1 + (number % 5)),
        type: data.type,
        time: new Date('2026-03-29T01:30:00.123Z'),
        origin: 'user' as const,
        data: { ...data, version: number },
      }
    }),
  )
}

/** Reads the log as a group until `count` events have come; answers their ids. */
export async function readLog(bus: EventBus, group: string, count: number): Promise<readonly string[]> {
  const seen: string[] = []
  const enough = Promise.withResolvers<void>()
  const subscription = await bus.subscribe({
    group,
    topics: [topic],
    async handle({ id }) {
      seen.push(id)
      if (seen.length >= count) enough.resolve()
    },
  })
  await enough.promise
  await subscription.close()
  return seen
}
