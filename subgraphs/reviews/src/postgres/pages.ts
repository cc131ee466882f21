import type { SqlReader } from '@movieverse/kit/sql'
import type { Review, ReviewOrder, ReviewPages } from '../store.ts'
import { knownColumns, type ReviewRow, reviewColumns, toReview } from './rows.ts'

interface Ordering {
  readonly column: 'created_at' | 'rating' | 'helpful_count'
  readonly direction: 'ASC' | 'DESC'
}

/** Ties fall to the id in the same direction, so that one index serves an order and its reverse. */
const orderings: Readonly<Record<ReviewOrder, Ordering>> = {
  NEWEST: { column: 'created_at', direction: 'DESC' },
  OLDEST: { column: 'created_at', direction: 'ASC' },
  HIGHEST: { column: 'rating', direction: 'DESC' },
  LOWEST: { column: 'rating', direction: 'ASC' },
  HELPFUL: { column: 'helpful_count', direction: 'DESC' },
}

/** One limited walk along the order's index for each parent, all in one statement. */
export async function readPages(sql: SqlReader, query: ReviewPages): Promise<ReadonlyMap<number, Review[]>> {
  const { column, direction } = orderings[query.order]
  const parent = query.of === 'movie' ? 'movie_id' : 'user_id'
  const parameters: unknown[] = [query.ids, query.limit]
  let behind = ''
  if (query.after) {
    const key = column === 'created_at' ? new Date(query.after.key) : query.after.key
    const cast = column === 'created_at' ? 'timestamptz' : 'int'
    parameters.push(key, query.after.id)
    behind = `AND (r.${column}, r.id) ${direction === 'ASC' ? '>' : '<'} ($3::${cast}, $4::int)`
  }
  const order = (table: string) => `${table}.${column} ${direction}, ${table}.id ${direction}`
  const rows = await sql.query<ReviewRow & { parent_id: number }>(
    `SELECT r.*, ${knownColumns}
       FROM (SELECT DISTINCT unnest($1::int[]) AS parent_id) p
      CROSS JOIN LATERAL (
        SELECT p.parent_id, ${reviewColumns} FROM reviews r
         WHERE r.${parent} = p.parent_id ${behind}
         ORDER BY ${order('r')} LIMIT $2::int
      ) r
      ORDER BY r.parent_id, ${order('r')}`,
    parameters,
  )
  const pages = new Map<number, Review[]>()
  for (const row of rows) {
    const page = pages.get(row.parent_id)
    if (page) page.push(toReview(row))
    else pages.set(row.parent_id, [toReview(row)])
  }
  return pages
}
