import { openAuthEngine } from '@movieverse/auth/engine'
import type { Log } from '@movieverse/kit/log'
import type { EntityReader } from '@movieverse/kit/subgraph'
import { openMetadataEngine } from '@movieverse/metadata/engine'
import { openMoviesEngine } from '@movieverse/movies/engine'
import { openReviewsEngine } from '@movieverse/reviews/engine'
import { openUsersEngine } from '@movieverse/users/engine'
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
  const settings = { connections }
  const { store: auth } = openAuthEngine(urlOf('auth'), settings)
  const { store: users } = openUsersEngine(urlOf('users'), settings)
  const { store: movies } = openMoviesEngine(urlOf('movies'), settings)
  const { store: reviews } = openReviewsEngine(urlOf('reviews'), settings)
  const { store: metadata } = await openMetadataEngine(urlOf('metadata'), { ...settings, log })
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
