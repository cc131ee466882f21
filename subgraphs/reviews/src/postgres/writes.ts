import type { Sql } from '@movieverse/kit/sql'
import type { NewReview, Review, ReviewChange } from '../store.ts'
import { countRating, countReview } from './counters.ts'
import { knownColumns, type ReviewRow, reviewColumns, toReview, toWrittenReview } from './rows.ts'

/** Undoes a transaction for a reason that is an answer, not a fault. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly kind: 'unknown-movie' | 'erased'

  constructor(kind: 'unknown-movie' | 'erased') {
    super(kind)
    this.kind = kind
  }
}

/**
 * @returns null when the author has one of this film already
 * @throws Refusal when the film is not known or the author erased
 */
export async function insertReview(sql: Sql, review: NewReview): Promise<Review | null> {
  const rating = review.rating * 2
  // A second writer of the same author and film waits here for the first one's transaction.
  const [row] = await sql.query<ReviewRow>(
    `INSERT INTO reviews AS r (user_id, movie_id, rating, text, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5::timestamptz, $5::timestamptz)
     ON CONFLICT (user_id, movie_id) DO NOTHING RETURNING ${reviewColumns}`,
    [review.userId, review.movieId, rating, review.text, review.createdAt],
  )
  if (!row) return null
  if (!(await countRating(sql, review.movieId, { added: rating }))) throw new Refusal('unknown-movie')
  if (!(await countReview(sql, review.userId, 1))) throw new Refusal('erased')
  return toWrittenReview(row)
}

/** Reads a review and holds its row until the transaction ends. */
export async function lockReview(sql: Sql, id: number): Promise<Review | null> {
  const [row] = await sql.query<ReviewRow>(
    `SELECT ${reviewColumns}, ${knownColumns} FROM reviews r WHERE r.id = $1 FOR UPDATE OF r`,
    [id],
  )
  return row ? toReview(row) : null
}

/** Changes a locked review. */
export async function changeReview(
  sql: Sql,
  before: Review,
  change: ReviewChange & { readonly at: Date },
): Promise<Review> {
  await sql.execute(
    'UPDATE reviews SET rating = $2, text = $3, version = version + 1, updated_at = $4::timestamptz WHERE id = $1',
    [before.id, change.rating * 2, change.text, change.at],
  )
  await countRating(sql, before.movieId, { added: change.rating * 2, removed: before.rating * 2 })
  return {
    ...before,
    rating: change.rating,
    text: change.text,
    version: before.version + 1,
    updatedAt: change.at,
  }
}

/** Deletes a locked review with its marks. */
export async function deleteReview(sql: Sql, review: Review): Promise<void> {
  await sql.execute('DELETE FROM helpful_marks WHERE review_id = $1', [review.id])
  await sql.execute('DELETE FROM reviews WHERE id = $1', [review.id])
  await countRating(sql, review.movieId, { removed: review.rating * 2 })
  await countReview(sql, review.userId, -1)
}

/**
 * Sets or takes back a mark on a locked review.
 * @returns the review when that changed something, else null
 * @throws Refusal when the member is erased
 */
export async function changeMark(
  sql: Sql,
  review: Review,
  mark: { readonly userId: number; readonly helpful: boolean },
): Promise<Review | null> {
  // Holds the member's row: an erasure that comes now waits, and finds the mark.
  const members = await sql.execute(
    `INSERT INTO reviewers AS u (id) VALUES ($1)
     ON CONFLICT (id) DO UPDATE SET review_count = u.review_count WHERE u.erased_at IS NULL`,
    [mark.userId],
  )
  if (members === 0) throw new Refusal('erased')
  const changed = await sql.execute(
    mark.helpful
      ? 'INSERT INTO helpful_marks (review_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING'
      : 'DELETE FROM helpful_marks WHERE review_id = $1 AND user_id = $2',
    [review.id, mark.userId],
  )
  if (changed === 0) return null
  const by = mark.helpful ? 1 : -1
  await sql.execute(
    'UPDATE reviews SET helpful_count = helpful_count + $2, version = version + 1 WHERE id = $1',
    [review.id, by],
  )
  return { ...review, helpfulCount: review.helpfulCount + by, version: review.version + 1 }
}
