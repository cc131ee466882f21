import { z } from 'zod'
import { id, importedRange, rating, version } from './fields.ts'

const review = { review_id: id, user_id: id, movie_id: id, rating, version }

/** movieverse.reviews, keyed by film id, so that a film's reviews keep their order. */
export const reviewEvents = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('review_created'), ...review }),
  z.looseObject({ type: z.literal('review_updated'), ...review, previous_rating: rating }),
  z.looseObject({ type: z.literal('review_deleted'), ...review }),
  z.looseObject({
    type: z.literal('review_helpful'),
    review_id: id,
    helpful_count: z.int().nonnegative(),
    version,
  }),
  z.looseObject({ type: z.literal('reviews_imported'), ...importedRange }),
])
