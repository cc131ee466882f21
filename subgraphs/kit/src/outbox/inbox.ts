import type { Sql } from '../sql.ts'

/** Marks an event as handled, in the transaction of its effect. */
export interface Inbox {
  /** @returns false when the group has handled this event before: the caller then does nothing. */
  accept(sql: Sql, group: string, eventId: string): Promise<boolean>
  /** The same for several events. @returns those that were not handled before */
  acceptAll(sql: Sql, group: string, eventIds: readonly string[]): Promise<ReadonlySet<string>>
}
