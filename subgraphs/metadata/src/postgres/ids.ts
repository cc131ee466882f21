import type { Sql } from '@movieverse/kit/sql'
import type { ImportedBatch } from '../store.ts'

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

/** The batches, none or more, that hold these rows: at most 1,000 ids each. */
export function batchOf(rows: readonly { readonly id: number }[]): ImportedBatch[] {
  const ids = rows.map(({ id }) => id).sort((a, b) => a - b)
  const batches: ImportedBatch[] = []
  for (let start = 0; start < ids.length; start += 1000) {
    const part = ids.slice(start, start + 1000)
    const firstId = part[0]
    const lastId = part.at(-1)
    if (firstId !== undefined && lastId !== undefined) batches.push({ firstId, lastId, count: part.length })
  }
  return batches
}
