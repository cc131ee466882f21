import type { Sql } from '@movieverse/kit/sql'
import { steps } from './rows.ts'

/*
 * Locks are taken in one order everywhere: reviews, then films, then members, each by ascending id. So no two writes
 * wait for each other in a circle.
 */

/**
 * Moves a film's counters by one review and holds its row until the transaction ends.
 * @param rating half stars
 * @returns whether it did: a film that is unknown or gone takes no new review
 */
export async function countRating(
  sql: Sql,
  movieId: number,
  change: { readonly added?: number; readonly removed?: number },
): Promise<boolean> {
  const { added, removed } = change
  // From a step to the same one nothing moves; the row is held all the same, so that the film's events keep their order.
  const moves =
    added === removed
      ? []
      : [
          ...(added === undefined ? [] : [`step_${step(added)} = step_${added} + 1`]),
          ...(removed === undefined ? [] : [`step_${step(removed)} = step_${removed} - 1`]),
        ]
  const count = (added === undefined ? 0 : 1) - (removed === undefined ? 0 : 1)
  const sum = (added ?? 0) - (removed ?? 0)
  const assignments = ['rating_count = rating_count + $2', 'rating_sum = rating_sum + $3', ...moves]
  const rows = await sql.execute(
    `UPDATE rated_movies SET ${assignments.join(', ')} WHERE id = $1 AND ($2 <= 0 OR NOT gone)`,
    [movieId, count, sum],
  )
  return rows === 1
}

/** The steps become part of the statement's text. */
function step(halfStars: number): number {
  if (!steps.includes(halfStars)) throw new Error(`There is no rating of ${halfStars} half stars`)
  return halfStars
}

/**
 * Moves a member's count of reviews and holds the row until the transaction ends.
 * @returns whether the member may write: false once erased
 */
export async function countReview(sql: Sql, userId: number, by: 1 | -1): Promise<boolean> {
  const rows = await sql.execute(
    `INSERT INTO reviewers AS u (id, review_count) VALUES ($1, GREATEST($2, 0))
     ON CONFLICT (id) DO UPDATE SET review_count = u.review_count + $2
      WHERE u.erased_at IS NULL OR $2 < 0`,
    [userId, by],
  )
  return rows === 1
}

/** A batch's effect on the films' counters, from reviews of the ids given; films are locked in order before. */
export async function countRatings(sql: Sql, reviewIds: readonly number[], by: 1 | -1): Promise<void> {
  const sign = by === 1 ? '+' : '-'
  const counted = steps.map((each) => `count(*) FILTER (WHERE r.rating = ${each}) AS step_${each}`)
  const moved = steps.map((each) => `step_${each} = m.step_${each} ${sign} c.step_${each}`)
  await sql.query(
    `SELECT m.id FROM rated_movies m
      WHERE m.id IN (SELECT movie_id FROM reviews WHERE id = ANY($1::int[])) ORDER BY m.id FOR UPDATE`,
    [reviewIds],
  )
  await sql.execute(
    `UPDATE rated_movies m
        SET rating_count = m.rating_count ${sign} c.count, rating_sum = m.rating_sum ${sign} c.sum, ${moved.join(', ')}
       FROM (SELECT r.movie_id, count(*) AS count, sum(r.rating) AS sum, ${counted.join(', ')}
               FROM reviews r WHERE r.id = ANY($1::int[]) GROUP BY r.movie_id) c
      WHERE m.id = c.movie_id`,
    [reviewIds],
  )
}
