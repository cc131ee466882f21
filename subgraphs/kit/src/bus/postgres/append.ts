import type { Pool } from 'pg'
import { isOutage } from '../../outage.ts'
import type { BusEvent } from '../bus.ts'
import { keyHash } from '../key-hash.ts'
import { channels, partitions } from './schema.ts'

export const partitionOf = (key: string): number => keyHash(key) % partitions

/** Events of one INSERT. */
const batchLimit = 1000

const insert = `
  with appended as (
    insert into bus.event (topic, partition, id, source, key, type, origin, time, traceparent, data)
    select topic, partition, id, source, key, type, origin, time, traceparent, data
    from rows from (json_to_recordset($1::json) as (
      topic text, partition smallint, id text, source text, key text, type text, origin text,
      time timestamptz, traceparent text, data json
    )) with ordinality as event
      (topic, partition, id, source, key, type, origin, time, traceparent, data, place)
    order by place
    returning topic
  )
  select pg_notify('${channels.events}', topic) from (select distinct topic from appended) as topics`

interface Call {
  readonly events: readonly BusEvent[]
  resolve(): void
  reject(reason: unknown): void
}

/**
 * Appends to the log, one INSERT at a time: what is published while one is under way goes together in the next, so that
 * one commit serves many callers. Resolved means committed. Rejected means not known to be: publish again.
 */
export function createAppender(pool: Pool): (events: readonly BusEvent[]) => Promise<void> {
  let calls: Call[] = []
  let appending = false

  async function append(events: readonly BusEvent[]): Promise<void> {
    const rows = events.map((event) => ({ ...event, partition: partitionOf(event.key) }))
    await pool.query({ name: 'bus append', text: insert, values: [JSON.stringify(rows)] })
  }

  async function settle(batch: readonly Call[]): Promise<void> {
    try {
      await append(batch.flatMap(({ events }) => events))
      for (const call of batch) call.resolve()
    } catch (error) {
      if (batch.length === 1 || isOutage(error)) {
        for (const call of batch) call.reject(error)
        return
      }
      // One caller's events that cannot be stored must not fail the others'.
      for (const call of batch) await settle([call])
    }
  }

  async function appendAll(): Promise<void> {
    appending = true
    while (calls.length > 0) {
      let taken = 0
      let size = 0
      do size += calls[taken++]?.events.length ?? 0
      while (taken < calls.length && size < batchLimit)
      const batch = calls.slice(0, taken)
      calls = calls.slice(taken)
      await settle(batch)
    }
    appending = false
  }

  return (events) =>
    events.length === 0
      ? Promise.resolve()
      : new Promise((resolve, reject) => {
          calls.push({ events, resolve, reject })
          if (!appending) void appendAll()
        })
}
