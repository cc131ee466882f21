import type { Pool } from 'pg'
import type { BusEvent } from '../bus.ts'
import { keyHash } from '../key-hash.ts'
import { channels, partitions } from './schema.ts'

export const partitionOf = (key: string): number => keyHash(key) % partitions

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

/** Appends to the log in one INSERT. Resolved means committed. Rejected means not known to be: publish again. */
export async function appendEvents(pool: Pool, events: readonly BusEvent[]): Promise<void> {
  const rows = events.map((event) => ({ ...event, partition: partitionOf(event.key) }))
  await pool.query({ name: 'bus append', text: insert, values: [JSON.stringify(rows)] })
}
