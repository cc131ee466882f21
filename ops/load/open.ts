import { createAuthClient, createPrismaAccountStore } from '@movieverse/auth/store.prisma'
import type { Log } from '@movieverse/kit/log'
import { createOutbox } from '@movieverse/kit/outbox/sql-outbox'
import type { EntityReader } from '@movieverse/kit/subgraph'
import { openPostgresStore } from '@movieverse/metadata/store.postgres'
import { createMoviesClient, createPrismaMovieStore } from '@movieverse/movies/store.prisma'
import { createPrismaReviewStore, createReviewsClient } from '@movieverse/reviews/store.prisma'
import { createPrismaProfileStore, createUsersClient } from '@movieverse/users/store.prisma'
import pg from 'pg'
import type { LoadTargets } from './stores.ts'

/** The services whose stores a load writes to. */
export const loadedServices = ['auth', 'users', 'movies', 'reviews', 'metadata'] as const

export interface OpenStores extends LoadTargets {
  close(): Promise<void>
}

/** Connections to each store: a load sends few statements at once. */
const connections = 3

/**
 * Opens the services' stores for a program of its own. What the load tells lies in the outboxes until the services' relays
 * take it.
 * @param urlOf connection URL of a service's database, with its migrations applied
 */
export async function openStores(urlOf: (service: string) => string, log: Log): Promise<OpenStores> {
  const auth = createPrismaAccountStore({
    client: createAuthClient(urlOf('auth'), { connections }),
    outbox: createOutbox({ source: 'auth' }),
  })
  const users = createPrismaProfileStore({
    client: createUsersClient(urlOf('users'), { connections }),
    outbox: createOutbox({ source: 'users' }),
  })
  const movies = createPrismaMovieStore({
    client: createMoviesClient(urlOf('movies'), { connections }),
    outbox: createOutbox({ source: 'movies' }),
  })
  const reviews = createPrismaReviewStore({
    client: createReviewsClient(urlOf('reviews'), { connections }),
    outbox: createOutbox({ source: 'reviews' }),
  })
  const pool = new pg.Pool({ connectionString: urlOf('metadata'), max: connections })
  const { store: metadata } = await openPostgresStore({ pool, log })
  const stores = { auth, users, movies, reviews, metadata }
  return {
    ...stores,
    entities: filmsOf(movies),
    close: async () => {
      await Promise.all(Object.values(stores).map((store) => store.close()))
    },
  }
}

/** Films are asked for at their owner's store, which is open here anyway. */
function filmsOf(movies: LoadTargets['movies']): EntityReader {
  return {
    async read<T>(subgraph: string, typename: string, ids: readonly (number | string)[]) {
      if (typename !== 'Movie') throw new Error(`a load reads no ${typename} of ${subgraph}`)
      const found = new Set((await movies.byIds(ids.map(Number))).map(({ id }) => id))
      return ids.map((id) => (found.has(Number(id)) ? ({ id: String(id) } as T) : null))
    },
  }
}
