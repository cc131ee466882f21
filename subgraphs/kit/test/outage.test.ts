import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isFull, isOutage } from '../src/outage.ts'
import { createTestDatabase, type TestDatabase } from '../src/testing/database.ts'

/** Nobody listens on the port of tcpmux. */
const nowhere = 'postgres://postgres@127.0.0.1:1/postgres'

let server: TestDatabase
let admin: pg.Client
beforeAll(async () => {
  server = await createTestDatabase('kit')
  admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await server.close()
})

async function failureOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('It did not fail')
}

test('a server that cannot be reached is an outage', async () => {
  const client = new pg.Client({ connectionString: nowhere })
  expect(isOutage(await failureOf(() => client.connect()))).toBe(true)
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  await once(closed, 'close')
  expect(isOutage(await failureOf(() => fetch(`http://127.0.0.1:${port}/`)))).toBe(true)
})

test('a server that ends the session is an outage', async () => {
  const client = new pg.Client({ connectionString: server.url })
  client.on('error', () => undefined)
  await client.connect()
  const {
    rows: [{ pid }],
  } = await client.query('select pg_backend_pid() as pid')
  const failing = failureOf(() => client.query('select pg_sleep(30)'))
  await admin.query('select pg_terminate_backend($1)', [pid])
  expect(isOutage(await failing)).toBe(true)
})

test('an outage is seen through what Prisma makes of it, and through causes', async () => {
  const adapter = await new PrismaPg({ connectionString: nowhere }).connect()
  const query = { sql: 'select 1', args: [], argTypes: [] }
  const error = await failureOf(() => adapter.queryRaw(query))
  await adapter.dispose()
  expect(isOutage(error)).toBe(true)
  expect(isOutage(new Error('the effect failed', { cause: error }))).toBe(true)
  const known = Object.assign(new Error('Database error'), {
    code: 'P2039',
    meta: { driverAdapterError: error },
  })
  expect(isOutage(known)).toBe(true)
})

test('a lock that nobody gives back is an outage, and so is a store without room', async () => {
  await admin.query('create table held (id int)')
  const holder = new pg.Client({ connectionString: server.url })
  const waiter = new pg.Client({ connectionString: server.url, lock_timeout: 50 })
  await Promise.all([holder.connect(), waiter.connect()])
  await holder.query('begin; lock table held')
  const error = await failureOf(() => waiter.query('select * from held'))
  await Promise.all([holder.end(), waiter.end()])
  expect([isOutage(error), isFull(error)]).toEqual([true, false])
  const full = await failureOf(() =>
    admin.query(`do $$ begin raise exception 'no space left' using errcode = 'disk_full'; end $$`),
  )
  expect([isOutage(full), isFull(new Error('the effect failed', { cause: full }))]).toEqual([true, true])
})

test('a fault of the work itself is none', async () => {
  expect(isOutage(await failureOf(() => admin.query('select 1 / 0')))).toBe(false)
  expect(isOutage(await failureOf(() => admin.query('select * from nowhere')))).toBe(false)
  expect(isOutage(new Error('no such film'))).toBe(false)
  expect(isOutage('a word')).toBe(false)
  expect(isOutage(undefined)).toBe(false)
})
