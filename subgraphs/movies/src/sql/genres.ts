import type { Sql, SqlReader } from '@movieverse/kit/sql'
import { parameters } from './statement.ts'
import { insertRows } from './writes.ts'

/** Of these genres, those that exist. */
export async function readKnownGenres(sql: SqlReader, ids: readonly number[]): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set()
  const given = parameters(sql.dialect)
  const rows = await sql.query<{ id: number }>(
    `SELECT id FROM known_genres WHERE ${given.oneOf('id', ids)}`,
    given.values,
  )
  return new Set(rows.map(({ id }) => id))
}

export async function saveKnownGenres(
  sql: Sql,
  { known, gone }: { readonly known: readonly number[]; readonly gone: readonly number[] },
): Promise<void> {
  await insertRows(sql, 'known_genres', {
    rows: known.map((id) => ({ id })),
    columns: { id: 'int' },
    unlessThere: true,
  })
  if (gone.length === 0) return
  const given = parameters(sql.dialect)
  await sql.execute(`DELETE FROM known_genres WHERE ${given.oneOf('id', gone)}`, given.values)
}
