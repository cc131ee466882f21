import type { EventOrigin } from '@movieverse/schema/events/contract'
import { z } from 'zod'
import { reviewsImported } from './events.ts'
import type { KnownMovies } from './known-movies.ts'
import { cleanText, ratingFault, textFault } from './review-input.ts'
import type { ReviewStore } from './store.ts'

const id = z.int().positive().max(2_147_483_647)

/** One row of a load. */
export const reviewImport = z.object({
  userId: id,
  movieId: id,
  /** Stars. */
  rating: z.number().refine((value) => ratingFault(value) === null, 'is not 0.5 to 5 in half stars'),
  createdAt: z.date().min(new Date(0)).max(new Date('9999-12-31T23:59:59.999Z')),
  text: z
    .string()
    .transform(cleanText)
    .refine((value) => textFault(value) === null, 'is too long or has control characters')
    .nullish(),
})

export type ReviewImport = z.input<typeof reviewImport>

export interface ReviewImporter {
  /**
   * Adds reviews in batches of 1,000, each one transaction with one `reviews_imported`. Run again, it adds nothing.
   * Skipped are those that are there already (by author and film), of films that do not exist, and by erased members.
   * @throws ZodError naming the rows that `reviewImport` does not take, before anything is written
   */
  importReviews(
    rows: readonly ReviewImport[],
    origin?: EventOrigin,
  ): Promise<{ readonly imported: number; readonly skipped: number }>
  /** Tells of films that were just loaded, so that none of their reviews has to ask for them. */
  knowMovies(ids: readonly number[]): Promise<void>
}

const batchSize = 1000

export function createReviewImporter(deps: {
  readonly store: ReviewStore
  readonly movies: KnownMovies
}): ReviewImporter {
  const { store, movies } = deps
  return {
    knowMovies: (ids) => movies.know(ids),

    async importReviews(rows, origin = 'import') {
      const reviews = z.array(reviewImport).parse(rows)
      let imported = 0
      for (let start = 0; start < reviews.length; start += batchSize) {
        const batch = reviews.slice(start, start + batchSize)
        await movies.existing([...new Set(batch.map(({ movieId }) => movieId))])
        const written = batch.map((review) => ({ ...review, text: review.text ?? null }))
        imported += await store.import(written, (ids) => [reviewsImported(ids, origin)])
      }
      return { imported, skipped: reviews.length - imported }
    },
  }
}
