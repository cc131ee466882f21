import type { EntityReader } from '@movieverse/kit/subgraph'
import type { MovieStore } from './store.ts'

/** What this service knows of the genres that there are: a projection of their owner's events. */
export interface Genres {
  /**
   * Of these genres, those that do not exist. One that no event has told of yet is asked for at its owner, once.
   * @throws when the owner has to be asked and does not answer
   */
  missing(ids: readonly number[]): Promise<readonly number[]>
  /** Reads the genres' present state from their owner. */
  refresh(ids: readonly number[]): Promise<void>
  /** The same for every id from first to last. */
  refreshRange(first: number, last: number): Promise<void>
}

/** Entities that an owner is asked for at once. */
const slice = 1000

export function createGenres(deps: { readonly store: MovieStore; readonly entities: EntityReader }): Genres {
  const { store, entities } = deps

  async function refresh(ids: readonly number[]): Promise<void> {
    const found = await entities.read<{ id: string }>('metadata', 'Genre', ids, 'id')
    await store.saveGenres({
      known: ids.filter((_, index) => found[index]),
      gone: ids.filter((_, index) => !found[index]),
    })
  }

  async function unknown(ids: readonly number[]): Promise<readonly number[]> {
    if (ids.length === 0) return []
    const known = await store.knownGenres(ids)
    return ids.filter((id) => !known.has(id))
  }

  return {
    async missing(ids) {
      const unheard = await unknown(ids)
      if (unheard.length === 0) return []
      await refresh(unheard)
      return unknown(unheard)
    },
    refresh,
    async refreshRange(first, last) {
      for (let start = first; start <= last; start += slice) {
        const length = Math.min(slice, last - start + 1)
        await refresh(Array.from({ length }, (_, index) => start + index))
      }
    },
  }
}
