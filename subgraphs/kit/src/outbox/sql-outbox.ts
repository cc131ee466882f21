import { randomUUIDv7 } from 'node:crypto'
import { checkEvent, eventContracts, type Topic } from '@movieverse/schema/events/contract'
import { keyHash } from '../bus/key-hash.ts'
import { activeTraceparent } from '../trace-context.ts'
import { dialectOf } from './dialect.ts'
import type { Outbox } from './outbox.ts'

/** An outbox in the service's own SQL database, and what its relay needs of it. */
export interface SqlOutbox extends Outbox {
  /** CloudEvents source of the events: the service's name. */
  readonly source: string
  /** Calls `listener` at each `wake()`; answers how to stop that. */
  onWake(listener: () => void): () => void
}

/** Rows of one INSERT; more are split, so that a statement stays below the servers' limit of parameters. */
const rowsPerInsert = 1000

/**
 * Writes to the table `outbox` (`tables.ts`, or the Prisma model of the same layout).
 * Order: events of one key leave in the order of their inserts. Two transactions that write the same key keep their
 * commits' order when each changes (locks) the aggregate's row before it appends.
 */
export function createOutbox({ source }: { source: string }): SqlOutbox {
  const listeners = new Set<() => void>()
  return {
    source,

    async append(sql, events) {
      const dialect = dialectOf(sql)
      const time = dialect.time(new Date())
      const traceparent = activeTraceparent() ?? null
      const rows = events.map(({ topic, key, data, origin }) => {
        const checked = checkEvent(knownTopic(topic), data)
        const text = String(key)
        return [
          randomUUIDv7(),
          topic,
          text,
          keyHash(text),
          checked.type,
          origin ?? 'user',
          time,
          traceparent,
          JSON.stringify(checked),
        ]
      })
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

    wake() {
      for (const listener of listeners) listener()
    },

    onWake(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function knownTopic(topic: string): Topic {
  if (!Object.hasOwn(eventContracts, topic)) throw new Error(`There is no event contract for topic ${topic}`)
  return topic as Topic
}
