import type { EventConsumer } from '../src/bus/bus.ts'
import { pgDatabase } from '../src/outbox/database.ts'
import { createEffects } from '../src/outbox/effects.ts'
import { outboxTables } from '../src/outbox/tables.ts'
import { openPool } from '../src/postgres/pool.ts'
import { upTo } from './events.ts'

/** Effects of numbered events in a service's own database, each beside its inbox mark. */
export interface Effects {
  /** Does the effect and marks the event in one transaction. */
  of(group: string): EventConsumer['handle']
  count(): Promise<number>
  /** What became of `count` events on each of the keys `key-0`, `key-1`, … */
  judge(keys: number, count: number): Promise<{ lost: number; doubled: number; disordered: number }>
  close(): Promise<void>
}

/** @param url of a database with the tables, or an empty one */
export async function openEffects(url: string): Promise<Effects> {
  const pool = openPool({ connectionString: url, max: 8 })
  await pool.query(outboxTables)
  await pool.query('create table if not exists effect (place bigserial, key text, number int)')
  const database = pgDatabase(pool)
  return {
    of(group) {
      const effects = createEffects({ database, group })
      return ({ id, key, data }) =>
        effects.once(id, async (sql) => {
          await sql.execute('insert into effect (key, number) values ($1, $2)', [key, data.number])
        })
    },
    async count() {
      return Number((await pool.query('select count(*) from effect')).rows[0].count)
    },
    async judge(keys, count) {
      const { rows } = await pool.query<{ key: string; number: number }>(
        'select key, number from effect order by place',
      )
      const result = { lost: 0, doubled: 0, disordered: 0 }
      for (const key of upTo(keys)) {
        const numbers = rows.filter((row) => row.key === `key-${key}`).map(({ number }) => number)
        result.lost += upTo(count).filter((number) => !numbers.includes(number)).length
        result.doubled += numbers.length - new Set(numbers).size
        result.disordered += numbers.filter((number, index) => number < (numbers[index - 1] ?? 0)).length
      }
      return result
    },
    close: () => pool.end(),
  }
}
