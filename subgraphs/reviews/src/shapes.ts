import type { Connection } from '@movieverse/kit/graphql/connection'
import type { ReviewResult } from './reviews.ts'
import type {
  PayloadError,
  RatingSummary,
  ReviewConnection,
  ReviewPayload,
  Review as ReviewType,
} from './schema.ts'
import type { RatingCounts, Review } from './store.ts'

/** A review as clients see it. */
export function toReviewType(review: Review): ReviewType {
  const { id, rating, text, helpfulCount, createdAt, updatedAt } = review
  return {
    id,
    movie: review.movieGone ? null : { id: review.movieId },
    author: review.authorErased ? null : { id: review.userId },
    rating,
    text,
    helpfulCount,
    createdAt,
    updatedAt,
  }
}

export function toConnectionType(connection: Connection<Review>): ReviewConnection {
  return {
    ...connection,
    edges: connection.edges.map(({ cursor, node }) => ({ cursor, node: toReviewType(node) })),
  }
}

export function toSummary({ count, halfStars, steps }: RatingCounts): RatingSummary {
  return {
    average: count === 0 ? null : halfStars / 2 / count,
    count,
    histogram: steps.map((reviews, index) => ({ rating: (index + 1) / 2, count: reviews })),
  }
}

export function toErrors({ faults }: ReviewResult): readonly PayloadError[] {
  return faults.map(({ code, message, field }) => ({
    code,
    message,
    field: field === undefined ? null : [field],
  }))
}

export function toPayload(result: ReviewResult): ReviewPayload {
  return { review: result.review && toReviewType(result.review), errors: toErrors(result) }
}
