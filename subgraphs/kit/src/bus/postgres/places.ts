import type { Pool } from 'pg'
import type { Offset } from './progress.ts'
import { partitions } from './schema.ts'

/** Before the first event of every partition. */
export const beginning: readonly Offset[] = Array.from({ length: partitions }, () => ({
  xid: '0',
  position: '0',
}))

interface Row {
  xid: string
  position: string
}

const everyPartition = `generate_series(0, ${partitions - 1}) as place (partition)`
const horizon = 'pg_snapshot_xmin(pg_current_snapshot())'

/** Longest wait, in milliseconds, for the transactions that were in flight when the end was asked for. */
const settleMs = 5000

/**
 * Behind every event that is there now, by partition. Waits until no transaction is in flight that could still add one
 * before them; should one last longer than 5 s, its neighbours count as not there yet and are delivered.
 */
export async function endOf(pool: Pool, topic: string): Promise<readonly Offset[]> {
  const last = (below: string) => `
    select coalesce(event.xid, '0')::text as xid, coalesce(event.position, 0)::text as position
    from ${everyPartition} left join lateral (
      select xid, position from bus.event
      where topic = $1 and partition = place.partition ${below}
      order by xid desc, position desc limit 1) as event on true
    order by place.partition`
  const { rows } = await pool.query<Row>(last(''), [topic])
  const giveUpAt = performance.now() + settleMs
  for (;;) {
    const settled = await pool.query<{ settled: boolean }>(
      `select bool_and(xid < ${horizon}) as settled from unnest($1::xid8[]) as event (xid)`,
      [rows.map(({ xid }) => xid)],
    )
    if (settled.rows[0]?.settled) return rows
    if (performance.now() > giveUpAt)
      return (await pool.query<Row>(last(`and xid < ${horizon}`), [topic])).rows
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/**
 * Before the first event that was published at `time` or later, by partition; where there is none, behind the last that no
 * transaction in flight can precede. By the database's clock at the time of publishing.
 */
export async function placeOf(pool: Pool, topic: string, time: Date): Promise<readonly Offset[]> {
  const { rows } = await pool.query<Row>(
    `select coalesce(least(first.xid, ${horizon}), last.xid, '0')::text as xid,
       case when first.xid < ${horizon} then first.position - 1
            when first.xid is not null then 0
            else coalesce(last.position, 0) end::text as position
     from ${everyPartition}
     left join lateral (
       select xid, position from bus.event
       where topic = $1 and partition = place.partition and published_at >= $2
       order by xid, position limit 1) as first on true
     left join lateral (
       select xid, position from bus.event
       where topic = $1 and partition = place.partition and xid < ${horizon}
       order by xid desc, position desc limit 1) as last on true
     order by place.partition`,
    [topic, time],
  )
  return rows
}
