import { randomInt, randomUUID } from 'node:crypto'
import type { OutboxDatabase } from './database.ts'
import { dialectOf } from './dialect.ts'

/** Shares into which an outbox is cut by the hash of the aggregate's id. A constant of the layout. */
export const outboxSlots = 16

/** The slots that one relay may publish from. */
export interface OutboxLeases {
  /**
   * Renews what is held, takes a fair share of what is free or expired, gives back what is above it. To be called between
   * batches, at least every third of the lease. Times are the database's.
   * @returns the slots held until `leaseMs` from the call, ascending
   */
  renew(): Promise<readonly number[]>
  /** Whether another relay is at work. */
  readonly shared: boolean
  /** Gives everything back. */
  release(): Promise<void>
}

/**
 * Leases in the table `outbox_lease`: slots 0 to 15 are the shares; each relay also keeps a row of its own below 0, by
 * which the others count it. A relay that is gone loses its rows when they expire.
 */
export function createOutboxLeases(database: OutboxDatabase, leaseMs: number): OutboxLeases {
  const owner = randomUUID()
  const presence = -randomInt(1, 2 ** 31 - 1)
  const { statement, now, nowPlus, millisecondsTo, text, insertNew } = dialectOf(database.sql)
  const [insert, unlessThere] = insertNew
  let relays = 1

  async function makeSlots(): Promise<void> {
    const slots = Array.from({ length: outboxSlots }, (_, slot) => `(${slot})`)
    await database.sql.execute(`${insert} outbox_lease (slot) values ${slots.join(', ')} ${unlessThere}`, [])
  }
  let made: Promise<void> | undefined

  return {
    get shared() {
      return relays > 1
    },

    async renew() {
      made ??= makeSlots()
      await made.catch((error: unknown) => {
        made = undefined
        throw error
      })
      return database.transaction(async (sql) => {
        const until = nowPlus(leaseMs)
        await sql.execute(
          statement(`${insert} outbox_lease (slot, owner) values (${presence}, ?) ${unlessThere}`),
          [owner],
        )
        await sql.execute(statement(`update outbox_lease set expires_at = ${until} where owner = ?`), [owner])
        const rows = await sql.query<{ slot: number; ms: string }>(
          `select slot, ${text(millisecondsTo('expires_at'))} as ms from outbox_lease where slot < 0`,
          [],
        )
        const gone = rows.filter(({ ms }) => Number(ms) < -leaseMs).map(({ slot }) => slot)
        // By their keys: another relay's row that is just being renewed is not waited for, as it waits for this one's.
        if (gone.length > 0)
          await sql.execute(`delete from outbox_lease where slot in (${gone.join(', ')})`, [])
        relays = Math.max(1, rows.filter(({ ms }) => Number(ms) > 0).length)
        const share = Math.ceil(outboxSlots / relays)
        const held = await sql.query<{ slot: number }>(
          statement('select slot from outbox_lease where slot >= 0 and owner = ? order by slot'),
          [owner],
        )
        const slots = held.map((row) => Number(row.slot))
        if (slots.length > share) {
          const surplus = slots.splice(share)
          await sql.execute(
            `update outbox_lease set owner = null, expires_at = null where slot in (${surplus.join(', ')})`,
            [],
          )
        } else if (slots.length < share) {
          const free = await sql.query<{ slot: number }>(
            `select slot from outbox_lease where slot >= 0 and (owner is null or expires_at < ${now})
             order by slot limit ${share - slots.length} for update skip locked`,
            [],
          )
          if (free.length > 0) {
            const taken = free.map((row) => Number(row.slot))
            await sql.execute(
              statement(
                `update outbox_lease set owner = ?, expires_at = ${until} where slot in (${taken.join(', ')})`,
              ),
              [owner],
            )
            slots.push(...taken)
          }
        }
        return slots.sort((a, b) => a - b)
      })
    },

    async release() {
      await database.transaction(async (sql) => {
        await sql.execute(
          statement('update outbox_lease set owner = null, expires_at = null where slot >= 0 and owner = ?'),
          [owner],
        )
        await sql.execute(`delete from outbox_lease where slot = ${presence}`, [])
      })
    },
  }
}
