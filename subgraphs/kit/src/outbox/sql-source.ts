import { type EventOrigin, eventContracts } from '@movieverse/schema/events/contract'
import type { z } from 'zod'
import type { BusEvent } from '../bus/bus.ts'
import type { Sql } from '../sql.ts'
import type { OutboxDatabase } from './database.ts'
import { dialectOf } from './dialect.ts'
import { createOutboxLeases, outboxSlots } from './leases.ts'
import type { PendingEvent, RelaySource } from './source.ts'
import type { SqlOutbox } from './sql-outbox.ts'

const contracts = new Map<string, z.ZodType>(Object.entries(eventContracts))

interface PendingRow extends PendingEvent {
  readonly position: string
}

interface Row {
  position: string
  event_id: string
  topic: string
  event_key: string
  type: string
  origin: string
  time: string
  traceparent: string | null
  data: string
}

/**
 * Events in the table `outbox`, by position. Rows are deleted one by one by position, never passed over by an offset, so a
 * transaction that commits later with a lower position is not missed.
 */
export function createSqlSource(database: OutboxDatabase, outbox: SqlOutbox): RelaySource<PendingRow> {
  const { sql } = database
  return {
    read: (slots, limit) => readPending(sql, outbox.source, { slots, limit }),
    remove: (pending) => deletePending(sql, pending),
    backlog: () => measureBacklog(sql),
    leases: (leaseMs) => createOutboxLeases(database, leaseMs),
    onWake: (listener) => outbox.onWake(listener),
    hearsOthers: false,
  }
}

/** The oldest events of the slots by position, at most `limit`. */
async function readPending(
  sql: Sql,
  source: string,
  { slots, limit }: { slots: readonly number[]; limit: number },
): Promise<PendingRow[]> {
  const { statement, utcText, key, text } = dialectOf(sql)
  const share =
    slots.length === outboxSlots ? '' : `where mod(key_hash, ${outboxSlots}) in (${slots.join(', ')})`
  const rows = await sql.query<Row>(
    statement(
      `select ${text('position')} as position, event_id, topic, ${key} as event_key, type, origin,
         ${utcText('time')} as time, traceparent, ${text('data')} as data
       from outbox ${share} order by outbox.position limit ${limit}`,
    ),
    [],
  )
  return rows.map((row) => ({
    position: row.position,
    event: {
      id: row.event_id,
      source,
      topic: row.topic,
      key: row.event_key,
      type: row.type,
      time: new Date(row.time),
      origin: row.origin as EventOrigin,
      ...(row.traceparent ? { traceparent: row.traceparent } : {}),
      data: inContractOrder(row.topic, JSON.parse(row.data) as BusEvent['data']),
    },
  }))
}

/** A binary JSON column forgets the order of the fields; their contract has it. Data of an older contract stays as it is. */
function inContractOrder(topic: string, data: BusEvent['data']): BusEvent['data'] {
  const parsed = contracts.get(topic)?.safeParse(data)
  return parsed?.success ? (parsed.data as BusEvent['data']) : data
}

/** Removes events that the bus has acknowledged. */
async function deletePending(sql: Sql, pending: readonly PendingRow[]): Promise<void> {
  const { statement, positions } = dialectOf(sql)
  const { condition, parameters } = positions(pending.map(({ position }) => position))
  await sql.execute(statement(`delete from outbox where ${condition}`), parameters)
}

/** How much waits, and since when (milliseconds; 0 when nothing does). */
async function measureBacklog(sql: Sql): Promise<{ events: number; oldestMs: number }> {
  const { text, utcText, now } = dialectOf(sql)
  const [row] = await sql.query<{ events: string; oldest: string | null; present: string }>(
    `select ${text('count(*)')} as events, ${utcText('min(time)')} as oldest, ${utcText(now)} as present from outbox`,
    [],
  )
  if (!row?.oldest) return { events: 0, oldestMs: 0 }
  return {
    events: Number(row.events),
    oldestMs: Math.max(0, Date.parse(row.present) - Date.parse(row.oldest)),
  }
}
