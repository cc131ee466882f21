import type { Pool } from 'pg'
import type { BusEvent, DeadLetter } from '../bus.ts'
import { partitionOf } from './append.ts'
import { channels } from './schema.ts'

interface StoredEvent extends Omit<BusEvent, 'time'> {
  readonly time: string
}

interface Row {
  event: StoredEvent
  cause: string
  attempts: number
  failed_at: Date
}

const toEvent = (stored: StoredEvent): BusEvent => ({ ...stored, time: new Date(stored.time) })

/** The events that groups could not handle, with their cause, until they are replayed. */
export function createDeadLetters(pool: Pool) {
  return {
    async put(letter: Omit<DeadLetter, 'failedAt'>): Promise<void> {
      const { group, event, cause, attempts } = letter
      await pool.query(
        `insert into bus.dead_letter (group_name, event_id, topic, partition, event, cause, attempts)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (group_name, event_id) do update set event = excluded.event, cause = excluded.cause,
           attempts = excluded.attempts, failed_at = now(), replaying = false`,
        [
          group,
          event.id,
          event.topic,
          partitionOf(event.key),
          JSON.stringify(event),
          cause.replaceAll('\u0000', ''),
          attempts,
        ],
      )
    },

    async list(group: string, limit: number): Promise<readonly DeadLetter[]> {
      const { rows } = await pool.query<Row>(
        `select event, cause, attempts, failed_at from bus.dead_letter
         where group_name = $1 and not replaying order by failed_at, event_id limit $2`,
        [group, limit],
      )
      return rows.map((row) => ({
        group,
        event: toEvent(row.event),
        cause: row.cause,
        attempts: row.attempts,
        failedAt: row.failed_at,
      }))
    },

    /** Marks letters for the group's members. @returns how many */
    async requestReplay(group: string, eventIds: readonly string[] | undefined): Promise<number> {
      const { rowCount } = await pool.query(
        `update bus.dead_letter set replaying = true
         where group_name = $1 and not replaying and ($2::text[] is null or event_id = any($2::text[]))`,
        [group, eventIds ?? null],
      )
      await pool.query('select pg_notify($1, $2)', [channels.groups, group])
      return rowCount ?? 0
    },

    /** Events of the partitions that are to be delivered once more. */
    async toReplay(
      group: string,
      partitions: readonly { readonly topic: string; readonly partition: number }[],
    ): Promise<readonly BusEvent[]> {
      const { rows } = await pool.query<Row>(
        `select letter.event from bus.dead_letter as letter
         join unnest($2::text[], $3::smallint[]) as lane (topic, partition) using (topic, partition)
         where letter.group_name = $1 and letter.replaying order by letter.failed_at limit 200`,
        [group, partitions.map(({ topic }) => topic), partitions.map(({ partition }) => partition)],
      )
      return rows.map((row) => toEvent(row.event))
    },

    async remove(group: string, event: BusEvent): Promise<void> {
      await pool.query('delete from bus.dead_letter where group_name = $1 and event_id = $2', [
        group,
        event.id,
      ])
    },
  }
}

export type DeadLetters = ReturnType<typeof createDeadLetters>
