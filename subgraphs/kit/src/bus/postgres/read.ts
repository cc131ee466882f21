import type { EventOrigin } from '@movieverse/schema/events/contract'
import type { Pool } from 'pg'
import type { BusEvent } from '../bus.ts'
import type { Offset } from './progress.ts'
import { partitions } from './schema.ts'

/** From where to read a partition. */
export interface ReadFrom {
  readonly topic: string
  readonly partition: number
  readonly offset: Offset
}

export interface ReadEvent {
  readonly partition: number
  readonly offset: Offset
  readonly event: BusEvent
}

export interface ReadBatch {
  readonly events: readonly ReadEvent[]
  /** Events are there that a transaction in flight still hides: look again soon, no notice will come. */
  readonly hidden: boolean
}

interface Row {
  topic: string
  partition: number
  xid: string
  position: string
  id: string
  source: string
  key: string
  type: string
  origin: EventOrigin
  time: Date
  traceparent: string | null
  data: Record<string, unknown>
  settled: boolean
}

const select = `
  select event.topic, event.partition, event.xid::text as xid, event.position::text as position, event.id, event.source,
    event.key, event.type, event.origin, event.time, event.traceparent, event.data,
    event.xid < pg_snapshot_xmin(pg_current_snapshot()) as settled
  from unnest($1::text[], $2::smallint[], $3::xid8[], $4::bigint[]) as lane (topic, partition, xid, position)
  cross join lateral (
    select * from bus.event
    where event.topic = lane.topic and event.partition = lane.partition
      and (event.xid, event.position) > (lane.xid, lane.position)
    order by event.xid, event.position limit $5
  ) as event`

/**
 * The next events of each partition in its order, at most `limit` of each. Only those that no transaction in flight can
 * still precede.
 */
export async function readEvents(pool: Pool, from: readonly ReadFrom[], limit: number): Promise<ReadBatch> {
  if (from.length === 0) return { events: [], hidden: false }
  const { rows } = await pool.query<Row>({
    name: 'bus read',
    text: select,
    values: [
      from.map(({ topic }) => topic),
      from.map(({ partition }) => partition),
      from.map(({ offset }) => offset.xid),
      from.map(({ offset }) => offset.position),
      limit,
    ],
  })
  const settled = rows.filter((row) => row.settled)
  const events = settled.map((row) => ({
    partition: row.partition,
    offset: { xid: row.xid, position: row.position },
    event: toEvent(row),
  }))
  return { events, hidden: settled.length < rows.length }
}

function toEvent(row: Row): BusEvent {
  const { id, source, topic, key, type, time, origin, traceparent, data } = row
  return { id, source, topic, key, type, time, origin, ...(traceparent ? { traceparent } : {}), data }
}

/** Events not passed by the group's offsets, and dead letters on their way back to it. */
export async function countLag(pool: Pool, group: string, topics: readonly string[]): Promise<number> {
  const { rows } = await pool.query<{ lag: string }>(
    `select (
       select coalesce(sum(behind.events), 0)
       from unnest($2::text[]) as topic cross join generate_series(0, ${partitions - 1}) as partition
       left join bus.progress on progress.group_name = $1 and progress.topic = topic.topic
         and progress.partition = partition.partition
       cross join lateral (
         select count(*) as events from bus.event
         where event.topic = topic.topic and event.partition = partition.partition
           and (event.xid, event.position) > (coalesce(progress.xid, '0'), coalesce(progress.position, 0))
       ) as behind
     ) + (
       select count(*) from bus.dead_letter where group_name = $1 and topic = any($2::text[]) and replaying
     ) as lag`,
    [group, topics],
  )
  return Number(rows[0]?.lag)
}
