import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'

/** A review as it is stored. */
export interface Review {
  readonly id: number
  readonly userId: number
  /** The author was erased; the review goes too, as soon as the erasure comes to it. */
  readonly authorErased: boolean
  readonly movieId: number
  /** The film's owner no longer has it, or has never had it. */
  readonly movieGone: boolean
  /** Stars, 0.5 to 5 in half stars. */
  readonly rating: number
  readonly text: string | null
  readonly helpfulCount: number
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

export type NewReview = Pick<Review, 'userId' | 'movieId' | 'rating' | 'text' | 'createdAt'>
export type ReviewChange = Pick<Review, 'rating' | 'text'>

/** A film's ratings, counted. */
export interface RatingCounts {
  readonly count: number
  /** Sum of all ratings in half stars: exact. */
  readonly halfStars: number
  /** Reviews of 0.5, 1, … 5 stars. */
  readonly steps: readonly number[]
}

export type ReviewOrder = 'NEWEST' | 'OLDEST' | 'HIGHEST' | 'LOWEST' | 'HELPFUL'

/** Where a page starts: behind the review with this key of its order (milliseconds, half stars or marks) and id. */
export interface ReviewPosition {
  readonly key: number
  readonly id: number
}

export interface ReviewPages {
  /** Whose reviews: those of films or those of their authors. */
  readonly of: 'movie' | 'user'
  readonly ids: readonly number[]
  readonly order: ReviewOrder
  readonly after: ReviewPosition | undefined
  /** Reviews at most for each parent. */
  readonly limit: number
}

/** Makes the events that leave with a write, of what was written. */
export type Tell<T> = (written: T) => readonly OutgoingEvent[]

export type CreateOutcome =
  | { readonly kind: 'created'; readonly review: Review }
  | { readonly kind: 'exists' }
  | { readonly kind: 'unknown-movie' }
  | { readonly kind: 'erased' }

export type MarkOutcome =
  | { readonly kind: 'marked' | 'unchanged'; readonly review: Review }
  | { readonly kind: 'gone' }
  | { readonly kind: 'erased' }

/** Ids of one written batch: all of them lie from `firstId` to `lastId`. */
export interface ImportedBatch {
  readonly firstId: number
  readonly lastId: number
  readonly count: number
}

/**
 * Reviews, their counters and what the service knows of films and members.
 * Every write is one transaction of the rows, the counters they move and the events they cause; counters are exact
 * under any concurrency. Lists are read with one statement, however many parents or ids.
 */
export interface ReviewStore {
  /** In any order; those that are not there are left out. */
  byIds(ids: readonly number[]): Promise<readonly Review[]>
  byAuthor(userId: number, movieIds: readonly number[]): Promise<readonly Review[]>
  /** The next page of each parent, in order; a parent without reviews is absent. */
  pages(query: ReviewPages): Promise<ReadonlyMap<number, readonly Review[]>>
  /** Films without a rating may be absent. */
  ratings(movieIds: readonly number[]): Promise<ReadonlyMap<number, RatingCounts>>
  /** Members without a review may be absent. */
  reviewCounts(userIds: readonly number[]): Promise<ReadonlyMap<number, number>>

  create(review: NewReview, tell: Tell<Review>): Promise<CreateOutcome>
  /**
   * Changes a review under its lock. `change` gets the present state; null leaves it as it is.
   * @returns the state afterwards, or null when the review is gone
   */
  update(
    id: number,
    change: (present: Review) => ReviewChange | null,
    tell: Tell<{ before: Review; after: Review }>,
  ): Promise<Review | null>
  /** @returns the review as it was, its version one higher; null when it was gone already */
  delete(id: number, tell: Tell<Review>): Promise<Review | null>
  setHelpful(
    mark: { readonly reviewId: number; readonly userId: number; readonly helpful: boolean },
    tell: Tell<Review>,
  ): Promise<MarkOutcome>

  /**
   * Adds up to 1,000 reviews of known films; those that are there already (by author and film), of unknown films or by
   * erased members are left out.
   */
  import(reviews: readonly NewReview[], tell: Tell<ImportedBatch>): Promise<number>

  /** Of these films, those that are known to exist. */
  knownMovies(ids: readonly number[]): Promise<ReadonlySet<number>>
  /** How many of the films from first to last are known to exist. */
  countKnownMovies(firstId: number, lastId: number): Promise<number>
  saveMovies(movies: { readonly known: readonly number[]; readonly gone: readonly number[] }): Promise<void>

  /** From here on the member's reviews and marks are refused, whatever comes late. Idempotent. */
  refuseMember(userId: number): Promise<void>
  /**
   * Deletes up to `limit` of the member's reviews and takes back up to `limit` of their helpful marks.
   * @returns how many of both; 0 when nothing of the member is left
   */
  eraseSome(
    userId: number,
    limit: number,
    tell: { readonly deleted: Tell<Review>; readonly unmarked: Tell<Review> },
  ): Promise<number>

  /** Rejects with the reason when the store does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}
