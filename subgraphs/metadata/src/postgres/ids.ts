import type { Sql } from '@movieverse/kit/sql'

/** New ids, ascending. Ids of a transaction that rolls back are lost. */
export async function allocateIds(
  sql: Sql,
  sequence: 'genre_ids' | 'person_ids',
  count: number,
): Promise<number[]> {
  if (count === 0) return []
  const rows = await sql.query<{ id: number }>(
    'select nextval($1::regclass)::integer as id from generate_series(1, $2)',
    [sequence, count],
  )
  return rows.map(({ id }) => id).sort((a, b) => a - b)
}
