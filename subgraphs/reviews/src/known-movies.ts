import type { EntityReader } from '@movieverse/kit/subgraph'
import type { ReviewStore } from './store.ts'

/** What this service knows of the films that there are: a projection of their owner's events. */
export interface KnownMovies {
  /**
   * Whether a film exists. One that no event has told of yet is asked for at its owner, once.
   * @throws when the owner has to be asked and does not answer
   */
  exists(id: number): Promise<boolean>
  /** Of these films, those that exist; their owner is asked for those not known. */
  existing(ids: readonly number[]): Promise<ReadonlySet<number>>
  /** Reads the films' present state from their owner. */
  refresh(ids: readonly number[]): Promise<void>
  /**
   * The same for the films of a load, which lie somewhere from first to last. When as many are known there already, the
   * load has told of them itself and nothing is read; should one be missing still, it is asked for when it is named.
   */
  refreshLoad(load: { readonly first: number; readonly last: number; readonly count: number }): Promise<void>
  /** Takes a loader's word for films that it has just loaded. */
  know(ids: readonly number[]): Promise<void>
}

/** Entities that an owner is asked for at once. */
const slice = 1000

export function createKnownMovies(deps: {
  readonly store: ReviewStore
  readonly entities: EntityReader
}): KnownMovies {
  const { store, entities } = deps

  async function refresh(ids: readonly number[]): Promise<void> {
    for (let start = 0; start < ids.length; start += slice) {
      const asked = ids.slice(start, start + slice)
      const found = await entities.read<{ id: string }>('movies', 'Movie', asked, 'id')
      const known = asked.filter((_, index) => found[index])
      const gone = asked.filter((_, index) => !found[index])
      // What was never known needs no row to be unknown.
      await store.saveMovies({ known, gone: [...(await store.knownMovies(gone))] })
    }
  }

  async function existing(ids: readonly number[]): Promise<ReadonlySet<number>> {
    const known = await store.knownMovies(ids)
    const unknown = [...new Set(ids)].filter((id) => !known.has(id))
    if (unknown.length === 0) return known
    await refresh(unknown)
    return store.knownMovies(ids)
  }

  return {
    existing,
    exists: async (id) => (await existing([id])).has(id),
    refresh,
    async refreshLoad({ first, last, count }) {
      if ((await store.countKnownMovies(first, last)) >= count) return
      for (let start = first; start <= last; start += slice) {
        const length = Math.min(slice, last - start + 1)
        await refresh(Array.from({ length }, (_, index) => start + index))
      }
    },
    async know(ids) {
      for (let start = 0; start < ids.length; start += slice) {
        await store.saveMovies({ known: ids.slice(start, start + slice), gone: [] })
      }
    },
  }
}
