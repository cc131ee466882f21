import type { EntityReader } from '@movieverse/kit/subgraph'
import type { MovieStore, OwnRatings } from './store.ts'

/** Keeps the ratings that films are ordered by at the state of their owner, the reviews. */
export interface Ratings {
  /** Resolved when the films' ratings are at least as young as this call. */
  refresh(movieIds: readonly number[]): Promise<void>
  /** The same for the films of every review from first to last. */
  refreshReviewed(firstReviewId: number, lastReviewId: number): Promise<void>
}

/** Entities that the owner is asked for at once. */
const slice = 1000

/**
 * Reads the present state, so that events told twice or late do no harm. Calls that come while a reading is under way
 * wait for the next one and share it: a load's hundred batches cost a few readings.
 */
export function createRatings(deps: {
  readonly store: MovieStore
  readonly entities: EntityReader
}): Ratings {
  const { store, entities } = deps
  let waiting = new Set<number>()
  let next: Promise<void> | undefined
  let running: Promise<void> = Promise.resolve()

  async function read(movieIds: readonly number[]): Promise<void> {
    for (let start = 0; start < movieIds.length; start += slice) {
      const ids = movieIds.slice(start, start + slice)
      const found = await entities.read<{ rating: OwnRatings }>(
        'reviews',
        'Movie',
        ids,
        'rating { average count }',
      )
      const ratings = new Map<number, OwnRatings>()
      for (const [index, id] of ids.entries()) {
        const { average = null, count = 0 } = found[index]?.rating ?? {}
        ratings.set(id, { average, count })
      }
      await store.setRatings(ratings)
    }
  }

  function refresh(movieIds: readonly number[]): Promise<void> {
    for (const id of movieIds) waiting.add(id)
    next ??= running.then(() => {
      const ids = [...waiting].sort((a, b) => a - b)
      waiting = new Set()
      next = undefined
      const reading = read(ids)
      // Those behind wait for the end of this reading; whether it succeeded is for those who share it.
      running = Promise.allSettled([reading]).then(() => undefined)
      return reading
    })
    return next
  }

  return {
    refresh,
    async refreshReviewed(first, last) {
      const movieIds = new Set<number>()
      for (let start = first; start <= last; start += slice) {
        const ids = Array.from({ length: Math.min(slice, last - start + 1) }, (_, index) => start + index)
        const found = await entities.read<{ movie: { id: string } | null }>(
          'reviews',
          'Review',
          ids,
          'movie { id }',
        )
        for (const review of found) if (review?.movie) movieIds.add(Number(review.movie.id))
      }
      await refresh([...movieIds])
    },
  }
}
