import { keyHash } from '../bus/key-hash.ts'
import { dialectOf } from './dialect.ts'
import type { Outbox } from './outbox.ts'
import { stampEvents } from './stamp.ts'
import { createWake, type Wake } from './wake.ts'

/** An outbox in the service's own SQL database, and what its relay needs of it. */
export interface SqlOutbox extends Outbox, Wake {
  /** CloudEvents source of the events: the service's name. */
  readonly source: string
}

/** Rows of one INSERT; more are split, so that a statement stays below the servers' limit of parameters. */
const rowsPerInsert = 1000

/**
 * Writes to the table `outbox` (`tables.ts`, or the Prisma model of the same layout).
 * Order: events of one key leave in the order of their inserts. Two transactions that write the same key keep their
 * commits' order when each changes (locks) the aggregate's row before it appends.
 */
export function createOutbox({ source }: { source: string }): SqlOutbox {
  return {
    ...createWake(),
    source,

    async append(sql, events) {
      const dialect = dialectOf(sql)
      const rows = stampEvents(source, events).map((event) => [
        event.id,
        event.topic,
        event.key,
        keyHash(event.key),
        event.type,
        event.origin,
        dialect.time(event.time),
        event.traceparent ?? null,
        JSON.stringify(event.data),
      ])
      const row = `(?, ?, ?, ?, ?, ?, ${dialect.timeParameter}, ?, ${dialect.jsonParameter})`
      for (let start = 0; start < rows.length; start += rowsPerInsert) {
        const part = rows.slice(start, start + rowsPerInsert)
        await sql.execute(
          dialect.statement(
            `insert into outbox (event_id, topic, ${dialect.key}, key_hash, type, origin, time, traceparent, data)
             values ${part.map(() => row).join(', ')}`,
          ),
          part.flat(),
        )
      }
    },
  }
}
