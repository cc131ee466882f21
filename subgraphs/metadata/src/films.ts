import { reasonOf, serviceUnavailable } from '@movieverse/kit/errors'
import type { Log } from '@movieverse/kit/log'
import type { EntityReader } from '@movieverse/kit/subgraph'
import type { MetadataStore } from './store.ts'

/** What this service knows of the films that there are: a projection of their owner's events. */
export interface Films {
  /**
   * Whether a film exists. One that no event has told of yet is asked for at its owner.
   * @throws GraphQLError SERVICE_UNAVAILABLE when the owner has to be asked and does not answer
   */
  exists(id: number): Promise<boolean>
  /** Reads the films' present state from their owner. @throws when it does not answer */
  refresh(ids: readonly number[]): Promise<void>
  /** The same for the films of this range that were gone; new ones are asked for when they are needed. */
  refreshGone(range: { readonly first: number; readonly last: number }): Promise<void>
}

/** Entities that the owner is asked for at once. */
const slice = 1000

export function createFilms(deps: {
  readonly store: MetadataStore
  readonly entities: EntityReader
  readonly log: Log
}): Films {
  const { store, entities, log } = deps

  async function refresh(ids: readonly number[]): Promise<void> {
    for (let start = 0; start < ids.length; start += slice) {
      const asked = ids.slice(start, start + slice)
      const found = await entities.read<{ id: string }>('movies', 'Movie', asked, 'id')
      await store.saveMovies({
        known: asked.filter((_, index) => found[index]),
        gone: asked.filter((_, index) => !found[index]),
      })
    }
  }

  return {
    refresh,
    refreshGone: async (range) => refresh(await store.goneMovies(range)),
    async exists(id) {
      const known = async () => (await store.knownMovies([id])).has(id)
      if (await known()) return true
      try {
        await refresh([id])
      } catch (error) {
        log.warn({ reason: reasonOf(error) }, 'the owner of the films does not answer')
        throw serviceUnavailable()
      }
      return known()
    },
  }
}
