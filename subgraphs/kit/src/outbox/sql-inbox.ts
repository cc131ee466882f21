import type { Sql } from '../sql.ts'
import { dialectOf } from './dialect.ts'
import type { Inbox } from './inbox.ts'

/**
 * Marks in the table `inbox` (`tables.ts`, or the Prisma model of the same layout).
 * Two deliveries of one event at the same time: the second waits for the first's transaction, then answers false if it
 * committed and true if it rolled back. Marks outlive the bus's redeliveries by `cleanup.ts`'s age; a group that replays
 * the log to build its effects anew deletes its marks with them.
 */
export function createInbox(): Inbox {
  async function accept(sql: Sql, group: string, eventId: string): Promise<boolean> {
    const { statement, now, insertNew } = dialectOf(sql)
    const [insert, unlessThere] = insertNew
    const rows = await sql.execute(
      statement(`${insert} inbox (group_name, event_id, accepted_at) values (?, ?, ${now}) ${unlessThere}`),
      [group, eventId],
    )
    return rows === 1
  }

  return {
    accept,

    async acceptAll(sql, group, eventIds) {
      // In one order everywhere, so that two who accept the same events do not wait for each other.
      const ids = [...new Set(eventIds)].sort()
      if (sql.dialect === 'postgres') {
        const rows = await sql.query<{ event_id: string }>(acceptMany, [group, ids])
        return new Set(rows.map((row) => row.event_id))
      }
      const accepted = new Set<string>()
      for (const id of ids) if (await accept(sql, group, id)) accepted.add(id)
      return accepted
    },
  }
}

const acceptMany = `insert into inbox (group_name, event_id, accepted_at)
  select $1, event_id, now() at time zone 'utc' from unnest($2::text[]) as event_id
  on conflict do nothing returning event_id`
