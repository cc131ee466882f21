import type { RatingCounts, Review } from '../store.ts'

/** The ten half-star steps: 1 stands for half a star, 10 for five stars. */
export const steps: readonly number[] = Array.from({ length: 10 }, (_, index) => index + 1)

/** A review as the statements select it. */
export interface ReviewRow {
  readonly id: number
  readonly user_id: number
  readonly movie_id: number
  readonly rating: number
  readonly text: string | null
  readonly helpful_count: number
  readonly version: number
  readonly created_at: Date
  readonly updated_at: Date
  readonly movie_gone: boolean
  readonly author_erased: boolean
}

export const reviewColumns =
  'r.id, r.user_id, r.movie_id, r.rating, r.text, r.helpful_count, r.version, r.created_at, r.updated_at'

/**
 * What is known of the film and the author of reviews `r`. Each is one look-up by its primary key; for joins PostgreSQL reads
 * the whole table when it takes that to be as quick.
 */
export const knownColumns = `coalesce((SELECT m.gone FROM rated_movies m WHERE m.id = r.movie_id), true) AS movie_gone,
  ((SELECT u.erased_at FROM reviewers u WHERE u.id = r.user_id) IS NOT NULL) AS author_erased`

export function toReview(row: ReviewRow): Review {
  return {
    id: row.id,
    userId: row.user_id,
    authorErased: row.author_erased,
    movieId: row.movie_id,
    movieGone: row.movie_gone,
    rating: row.rating / 2,
    // Between an erasure and the deletion of its reviews nothing of the author is shown.
    text: row.author_erased ? null : row.text,
    helpfulCount: row.helpful_count,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** A row that was just written in a transaction which found the film and the author in their places. */
export function toWrittenReview(row: Omit<ReviewRow, 'movie_gone' | 'author_erased'>): Review {
  return toReview({ ...row, movie_gone: false, author_erased: false })
}

export type RatingRow = {
  readonly id: number
  readonly rating_sum: number
  readonly rating_count: number
} & Readonly<Record<`step_${number}`, number>>

export const ratingColumns = [
  'id',
  'rating_sum',
  'rating_count',
  ...steps.map((step) => `step_${step}`),
].join(', ')

export function toRatingCounts(row: RatingRow): RatingCounts {
  return {
    count: row.rating_count,
    halfStars: row.rating_sum,
    steps: steps.map((step) => row[`step_${step}`] ?? 0),
  }
}
