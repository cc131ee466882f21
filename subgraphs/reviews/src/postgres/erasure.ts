import type { Sql } from '@movieverse/kit/sql'
import type { Review } from '../store.ts'
import { countRatings } from './counters.ts'
import { type ReviewRow, reviewColumns, toWrittenReview } from './rows.ts'

/** Leaves a row that refuses the member, after every write of theirs that was under way has ended. */
export async function refuseMember(sql: Sql, userId: number): Promise<void> {
  await sql.execute(
    `INSERT INTO reviewers AS u (id, erased_at) VALUES ($1, now())
     ON CONFLICT (id) DO UPDATE SET erased_at = COALESCE(u.erased_at, now())`,
    [userId],
  )
}

/** @returns the deleted reviews, each version one higher */
export async function eraseReviews(sql: Sql, userId: number, limit: number): Promise<readonly Review[]> {
  const rows = await sql.query<ReviewRow>(
    `SELECT ${reviewColumns} FROM reviews r WHERE r.user_id = $1 ORDER BY r.id LIMIT $2 FOR UPDATE`,
    [userId, limit],
  )
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  await countRatings(sql, ids, -1)
  await sql.execute('UPDATE reviewers SET review_count = review_count - $2 WHERE id = $1', [
    userId,
    ids.length,
  ])
  await sql.execute('DELETE FROM helpful_marks WHERE review_id = ANY($1::int[])', [ids])
  await sql.execute('DELETE FROM reviews WHERE id = ANY($1::int[])', [ids])
  return rows.map((row) => toWrittenReview({ ...row, version: row.version + 1 }))
}

/** @returns the reviews of others that the member had found helpful, without the marks */
export async function eraseMarks(sql: Sql, userId: number, limit: number): Promise<readonly Review[]> {
  const rows = await sql.query<{ id: number }>(
    `SELECT r.id FROM reviews r
      WHERE r.id IN (SELECT h.review_id FROM helpful_marks h WHERE h.user_id = $1 ORDER BY h.review_id LIMIT $2)
      ORDER BY r.id FOR UPDATE OF r`,
    [userId, limit],
  )
  if (rows.length === 0) return []
  const unmarked = await sql.query<{ review_id: number }>(
    'DELETE FROM helpful_marks WHERE user_id = $1 AND review_id = ANY($2::int[]) RETURNING review_id',
    [userId, rows.map(({ id }) => id)],
  )
  const changed = await sql.query<ReviewRow>(
    `UPDATE reviews r SET helpful_count = helpful_count - 1, version = version + 1
      WHERE r.id = ANY($1::int[]) RETURNING ${reviewColumns}`,
    [unmarked.map(({ review_id }) => review_id)],
  )
  return changed.map(toWrittenReview)
}
