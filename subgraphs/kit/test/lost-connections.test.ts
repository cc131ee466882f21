import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { isOutage } from '../src/outage.ts'
import { pgDatabase } from '../src/outbox/database.ts'
import { withClient } from '../src/postgres/client.ts'
import { openPool } from '../src/postgres/pool.ts'
import { createTestDatabase } from '../src/testing/database.ts'

test('a connection lost between two statements of a transaction fails the transaction, and nothing else', async () => {
  const server = await createTestDatabase('kit')
  const lost: Error[] = []
  const pool = openPool({ connectionString: server.url, max: 2 }, (error) => lost.push(error))
  onTestFinished(async () => {
    await pool.end()
    await server.close()
  })
  const work = pgDatabase(pool).transaction(async (sql) => {
    const [own] = await sql.query<{ pid: number }>('select pg_backend_pid() as pid', [])
    await pool.query('select pg_terminate_backend($1)', [own?.pid])
    // Vitest fails on an error that nobody hears of.
    await delay(200)
    await sql.query('select 1', [])
  })
  expect(isOutage(await work.catch((error: unknown) => error))).toBe(true)
  const { rows } = await pool.query('select 1 as one')
  expect(rows).toEqual([{ one: 1 }])

  // Both idle.
  await Promise.all([pool.query('select 1'), pool.query('select 1')])
  await pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  await expect.poll(() => lost.length).toBe(1)
})

test('a session that is lost, amid a statement or between two, fails its use, and nothing else', async () => {
  const server = await createTestDatabase('kit')
  onTestFinished(() => server.close())
  const config = { connectionString: server.url }
  const amid = withClient(config, (client) => client.query('select pg_terminate_backend(pg_backend_pid())'))
  expect(isOutage(await amid.catch((error: unknown) => error))).toBe(true)
  const between = withClient(config, async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    await withClient(config, (other) => other.query('select pg_terminate_backend($1)', [rows[0]?.pid]))
    await delay(200)
    return client.query('select 1')
  })
  expect(isOutage(await between.catch((error: unknown) => error))).toBe(true)
})
