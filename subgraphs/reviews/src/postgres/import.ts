import type { Sql } from '@movieverse/kit/sql'
import type { ImportedBatch, NewReview } from '../store.ts'
import { countRatings } from './counters.ts'
import { Refusal } from './writes.ts'

/**
 * Inserts what is new of a batch and moves the counters by it.
 * Rows that are there already are left out before they are inserted, so that a batch's ids have no holes.
 * @returns null when nothing of the batch was new
 * @throws Refusal when a member was erased in the meantime: a second try leaves their reviews out
 */
export async function insertBatch(sql: Sql, reviews: readonly NewReview[]): Promise<ImportedBatch | null> {
  const inserted = await sql.query<{ id: number }>(
    `INSERT INTO reviews (user_id, movie_id, rating, text, created_at, updated_at)
     SELECT b.user_id, b.movie_id, b.rating, b.text, b.created_at, b.created_at
       FROM jsonb_to_recordset($1::jsonb)
            AS b(user_id int, movie_id int, rating int, text text, created_at timestamptz)
       JOIN rated_movies m ON m.id = b.movie_id AND NOT m.gone
       LEFT JOIN reviewers u ON u.id = b.user_id
      WHERE u.erased_at IS NULL
        AND NOT EXISTS (SELECT FROM reviews r WHERE r.user_id = b.user_id AND r.movie_id = b.movie_id)
      ORDER BY b.user_id, b.movie_id
         ON CONFLICT (user_id, movie_id) DO NOTHING
     RETURNING id`,
    [
      JSON.stringify(
        reviews.map(({ userId, movieId, rating, text, createdAt }) => ({
          user_id: userId,
          movie_id: movieId,
          rating: rating * 2,
          text,
          created_at: createdAt,
        })),
      ),
    ],
  )
  if (inserted.length === 0) return null
  const ids = inserted.map(({ id }) => id).sort((a, b) => a - b)
  await countRatings(sql, ids, 1)
  const [members] = await sql.query<{ refused: boolean }>(
    `WITH written AS (
       SELECT user_id, count(*) AS count FROM reviews WHERE id = ANY($1::int[]) GROUP BY user_id ORDER BY user_id
     ), counted AS (
       INSERT INTO reviewers AS u (id, review_count) SELECT user_id, count FROM written
       ON CONFLICT (id) DO UPDATE SET review_count = u.review_count + EXCLUDED.review_count
        WHERE u.erased_at IS NULL
       RETURNING id
     )
     SELECT (SELECT count(*) FROM counted) < (SELECT count(*) FROM written) AS refused`,
    [ids],
  )
  if (members?.refused) throw new Refusal('erased')
  return { firstId: ids[0] ?? 0, lastId: ids.at(-1) ?? 0, count: ids.length }
}
