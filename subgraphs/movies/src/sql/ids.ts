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

/** MySQL has no sequences: a row counts, and is held until the transaction ends, so that others wait for their ids. */
async function countOn(sql: Sql, count: number, beyond: number): Promise<readonly number[]> {
  await sql.execute(
    `INSERT INTO id_counters (name, last) VALUES ('movies', ?)
      ON DUPLICATE KEY UPDATE last = GREATEST(last, ?) + ?`,
    [beyond + count, beyond, count],
  )
  const [row] = await sql.query<{ last: number }>(`SELECT last FROM id_counters WHERE name = 'movies'`, [])
  const last = row?.last ?? 0
  return Array.from({ length: count }, (_, index) => last - count + index + 1)
}
