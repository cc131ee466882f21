import { describe, expect, test, vi } from 'vitest'
import { silentLog } from '../log.ts'
import { createInboxCleanup } from '../outbox/cleanup.ts'
import type { OutboxDatabase } from '../outbox/database.ts'
import { dialectOf } from '../outbox/dialect.ts'
import { createEffects } from '../outbox/effects.ts'
import { createInbox } from '../outbox/sql-inbox.ts'

/** A store of its own, and how many rows a table of it has. */
type NewStore = () => Promise<{
  readonly database: OutboxDatabase
  count(table: string): Promise<number>
}>

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 25_000, interval: 20 })

/** What an inbox promises, on whatever SQL engine. To be called in a test file. */
export function testSqlInbox(newStore: NewStore): void {
  describe('the inbox', () => {
    test('accepts an event once per group', async () => {
      const { database } = await newStore()
      const inbox = createInbox()
      const accept = (group: string) => database.transaction((sql) => inbox.accept(sql, group, 'event-1'))
      expect(await accept('mail')).toBe(true)
      expect(await accept('mail')).toBe(false)
      expect(await accept('index')).toBe(true)
    })

    test('accepts again what was rolled back with its effect', async () => {
      const { database } = await newStore()
      const inbox = createInbox()
      const failing = database.transaction(async (sql) => {
        expect(await inbox.accept(sql, 'mail', 'event-1')).toBe(true)
        throw new Error('the effect failed')
      })
      await expect(failing).rejects.toThrow('the effect failed')
      expect(await database.transaction((sql) => inbox.accept(sql, 'mail', 'event-1'))).toBe(true)
    })

    test('lets one of two deliveries at the same time have the effect', async () => {
      const { database } = await newStore()
      const inbox = createInbox()
      const accepted = await Promise.all(
        upTo(8).map(() => database.transaction((sql) => inbox.accept(sql, 'mail', 'event-1'))),
      )
      expect(accepted.filter(Boolean)).toHaveLength(1)
    })

    test('commits the effects of many events together, each once, and what fails fails alone', async () => {
      const { database, count } = await newStore()
      const { sql } = database
      await sql.execute('create table effect (name varchar(20))', [])
      let transactions = 0
      const counted: OutboxDatabase = {
        sql,
        transaction(work) {
          transactions += 1
          return database.transaction(work)
        },
      }
      const effects = createEffects({ database: counted, group: 'mail' })
      const once = (name: string) =>
        effects.once(name, async (within) => {
          await within.execute(`insert into effect values ('${name}')`, [])
          if (name === 'bad') throw new Error('no such address')
        })
      const names = Array.from({ length: 20 }, (_, index) => `event-${index}`)
      await Promise.all([...names, ...names].map(once))
      expect(await count('effect')).toBe(20)
      expect(transactions).toBeLessThan(20)
      const outcomes = await Promise.allSettled(['a', 'b', 'bad', 'c'].map(once))
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
      ])
      const rows = await sql.query<{ name: string }>('select name from effect', [])
      expect(rows.map(({ name }) => name).sort()).toEqual([...names, 'a', 'b', 'c'].sort())
    })

    test('forgets marks that are older than any redelivery', async () => {
      const { database, count } = await newStore()
      const { sql } = database
      const inbox = createInbox()
      for (const id of ['old', 'new']) await inbox.accept(sql, 'mail', id)
      await sql.execute(
        `update inbox set accepted_at = ${dialectOf(sql).nowPlus(-7_200_000)} where event_id = 'old'`,
        [],
      )
      const settings = { name: 'tested', database, log: silentLog, keepMs: 3_600_000, everyMs: 20 }
      const cleanup = createInboxCleanup(settings)
      await cleanup.start()
      await eventually(async () => expect(await count('inbox')).toBe(1))
      expect(await sql.query('select event_id from inbox', [])).toEqual([{ event_id: 'new' }])
      await cleanup.stop()
    })
  })
}
