import { createBatches } from '../batches.ts'
import type { Sql } from '../sql.ts'
import type { OutboxDatabase } from './database.ts'
import { createInbox } from './sql-inbox.ts'

/** Does what events ask for, each once. */
export interface Effects {
  /**
   * Resolved when the effect is committed, by this delivery or an earlier one.
   * @throws what the effect or the database throws; then nothing of it is there
   */
  once(eventId: string, effect: (sql: Sql) => Promise<void>): Promise<void>
}

/** Effects of one transaction: so many wait at most for its commit, and are done again one by one when one fails. */
const effectsPerTransaction = 50

/**
 * Effects of a group's events in a service's own database, each in the transaction of its inbox mark. Those that are asked
 * for at the same time share a transaction, so that one commit serves many; an effect that fails fails no other.
 */
export function createEffects({ database, group }: { database: OutboxDatabase; group: string }): Effects {
  const inbox = createInbox()
  const inBatches = createBatches<{ readonly eventId: string; effect(sql: Sql): Promise<void> }>({
    limit: effectsPerTransaction,
    write: (items) =>
      database.transaction(async (sql) => {
        const ids = items.map(({ eventId }) => eventId)
        const fresh = new Set(await inbox.acceptAll(sql, group, ids))
        // An event that is there twice has its effect with the first.
        for (const { eventId, effect } of items) if (fresh.delete(eventId)) await effect(sql)
      }),
  })
  return { once: (eventId, effect) => inBatches([{ eventId, effect }]) }
}
