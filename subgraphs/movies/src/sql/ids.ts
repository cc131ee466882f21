import type { Sql } from '@movieverse/kit/sql'
import type { MovieWrite } from '../store.ts'

/**
 * The ids that a batch's films have, want, or get from the counter. The counter is moved beyond wanted ids before they
 * are written; whoever drew one of them just before meets a taken key and draws another.
 */
export async function chooseIds(sql: Sql, writes: readonly MovieWrite[]): Promise<readonly number[]> {
  const chosen = writes.map(({ id, wantedId }) => id ?? wantedId)
  const missing = chosen.filter((id) => id === undefined).length
  const highest = Math.max(0, ...chosen.map((id) => id ?? 0))
  const drawn =
    sql.dialect === 'postgres' ? await drawIds(sql, missing, highest) : await countOn(sql, missing, highest)
  let next = 0
  return chosen.map((id) => {
    const given = id ?? drawn[next++]
    if (given === undefined) throw new Error('The counter gave fewer ids than were asked for')
    return given
  })
}

async function drawIds(sql: Sql, count: number, beyond: number): Promise<readonly number[]> {
  if (beyond > 0) {
    await sql.query(
      `SELECT setval('movies_id_seq', $1::bigint) FROM movies_id_seq WHERE last_value < $1::bigint`,
      [beyond],
    )
  }
  if (count === 0) return []
  const rows = await sql.query<{ id: number | bigint }>(
    `SELECT nextval('movies_id_seq') AS id FROM generate_series(1, $1::int)`,
    [count],
  )
  return rows.map(({ id }) => Number(id))
}

/** MySQL's AUTO_INCREMENT follows explicit ids by itself; the lock keeps others from adding films meanwhile. */
async function countOn(sql: Sql, count: number, beyond: number): Promise<readonly number[]> {
  const [row] = await sql.query<{ id: number | bigint | null }>(
    'SELECT MAX(id) AS id FROM movies FOR UPDATE',
    [],
  )
  const last = Math.max(Number(row?.id ?? 0), beyond)
  return Array.from({ length: count }, (_, index) => last + index + 1)
}
