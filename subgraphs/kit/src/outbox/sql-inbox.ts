import { dialectOf } from './dialect.ts'
import type { Inbox } from './inbox.ts'

/**
 * Marks in the table `inbox` (`tables.ts`, or the Prisma model of the same layout).
 * Two deliveries of one event at the same time: the second waits for the first's transaction, then answers false if it
 * committed and true if it rolled back. Marks outlive the bus's redeliveries by `cleanup.ts`'s age; a group that replays
 * the log to build its effects anew deletes its marks with them.
 */
export function createInbox(): Inbox {
  return {
    async accept(sql, group, eventId) {
      const { statement, now, insertNew } = dialectOf(sql)
      const [insert, unlessThere] = insertNew
      const rows = await sql.execute(
        statement(`${insert} inbox (group_name, event_id, accepted_at) values (?, ?, ${now}) ${unlessThere}`),
        [group, eventId],
      )
      return rows === 1
    },
  }
}
