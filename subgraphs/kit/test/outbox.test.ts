import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { EventBus } from '../src/bus/bus.ts'
import { createPostgresBus } from '../src/bus/postgres.ts'
import { silentLog } from '../src/log.ts'
import { type OutboxDatabase, pgDatabase } from '../src/outbox/database.ts'
import type { OutgoingEvent } from '../src/outbox/outbox.ts'
import { createRelay, type Relay } from '../src/outbox/relay.ts'
import { createOutbox, type SqlOutbox } from '../src/outbox/sql-outbox.ts'
import { createSqlSource } from '../src/outbox/sql-source.ts'
import { outboxTables } from '../src/outbox/tables.ts'
import { openPool } from '../src/postgres/pool.ts'
import { createTestDatabase, type TestDatabase } from '../src/testing/database.ts'
import { testSqlOutbox } from '../src/testing/sql-outbox.ts'
import { fresh, upTo } from './events.ts'
import { kill, startProcess } from './processes/start.ts'

const topic = 'movieverse.reviews'
const eventually = (check: () => unknown, timeout = 25_000) => vi.waitFor(check, { timeout, interval: 20 })

/** The `number`-th change of a film's reviews. */
const change = (film: number, number: number): OutgoingEvent => ({
  topic,
  key: film,
  data: { type: 'review_created', review_id: 1, user_id: 1, movie_id: film, rating: 4.5, version: number },
})

let busServer: TestDatabase
let bus: EventBus
beforeAll(async () => {
  busServer = await createTestDatabase('kit')
  bus = await createPostgresBus({ url: busServer.url, log: silentLog, pollMs: 100 })
})
afterAll(async () => {
  await bus.close()
  await busServer.close()
})

/** A service with an empty store. */
async function openStore() {
  const server = await createTestDatabase('kit')
  const pool = openPool({ connectionString: server.url, max: 10 })
  await pool.query(outboxTables)
  await pool.query(outboxTables)
  const close = async () => {
    await pool.end()
    await server.close()
  }
  return { server, pool, outbox: createOutbox({ source: 'reviews' }), database: pgDatabase(pool), close }
}

async function newService() {
  const service = await openStore()
  onTestFinished(() => service.close())
  const waiting = async () => Number((await service.pool.query('select count(*) from outbox')).rows[0].count)
  return { ...service, waiting }
}

async function startRelay(
  { database, outbox }: { database: OutboxDatabase; outbox: SqlOutbox },
  on: EventBus = bus,
): Promise<Relay> {
  const source = createSqlSource(database, outbox)
  const relay = createRelay({ name: 'reviews', source, bus: on, log: silentLog, pollMs: 50 })
  await relay.start()
  onTestFinished(() => relay.stop())
  return relay
}

testSqlOutbox({ open: openStore, change })

describe('the outbox', () => {
  test('refuses an event that breaks its contract, and a topic that has none', async () => {
    const { database, outbox, waiting } = await newService()
    const broken = { ...change(8, 1), data: { ...change(8, 1).data, rating: 4.7 } }
    await expect(database.transaction((sql) => outbox.append(sql, [broken]))).rejects.toThrow(/rating/)
    const stray = { ...change(8, 1), topic: 'movieverse.weather' }
    await expect(database.transaction((sql) => outbox.append(sql, [stray]))).rejects.toThrow(
      /movieverse.weather/,
    )
    expect(await waiting()).toBe(0)
  })

  test('carries the trace of the request to whoever handles the event', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    const provider = new BasicTracerProvider()
    trace.setGlobalTracerProvider(provider)
    onTestFinished(() => {
      trace.disable()
      context.disable()
    })
    const service = await newService()
    const traces: (string | undefined)[] = []
    const subscription = await bus.subscribe({
      group: fresh('group'),
      topics: [topic],
      from: 'end',
      async handle() {
        traces.push(trace.getActiveSpan()?.spanContext().traceId)
      },
    })
    onTestFinished(() => subscription.close())
    await startRelay(service)
    const request = provider.getTracer('tests').startSpan('request')
    await context.with(trace.setSpan(context.active(), request), () =>
      service.database.transaction((sql) => service.outbox.append(sql, [change(8, 1)])),
    )
    await eventually(() => expect(traces).toEqual([request.spanContext().traceId]))
  })
})

describe('the outbox relay', () => {
  test('says that events cannot leave while the bus is down, and catches up by itself', async () => {
    const service = await newService()
    const own = await createTestDatabase('kit')
    const down = await createPostgresBus({ url: own.url, log: silentLog })
    onTestFinished(() => down.close())
    const relay = await startRelay(service, down)
    await eventually(() => relay.check())
    const name = new URL(own.url).pathname.slice(1)
    const admin = new pg.Client({ connectionString: busServer.url })
    await admin.connect()
    onTestFinished(async () => {
      await own.close()
      await admin.end()
    })
    await admin.query(`alter database ${name} allow_connections false`)
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
    await service.database.transaction((sql) => service.outbox.append(sql, [change(8, 1)]))
    service.outbox.wake()
    await eventually(() => expect(relay.check()).rejects.toThrow(/wait in the outbox/))
    expect(await service.waiting()).toBe(1)
    await admin.query(`alter database ${name} allow_connections true`)
    await eventually(() => relay.check())
    await eventually(async () => expect(await service.waiting()).toBe(0))
  })
})

test('a service that is killed again and again loses no event and has no effect twice', async () => {
  const service = await newService()
  await service.pool.query('create table effect (place bigserial, key text, number int)')
  const own = await createTestDatabase('kit')
  onTestFinished(() => own.close())
  const settings = { url: service.server.url, busUrl: own.url, group: 'effects', topic }
  const films = 10
  const rounds = 60
  const effects = async () => Number((await service.pool.query('select count(*) from effect')).rows[0].count)
  let process = await startProcess('review-service.ts', settings)
  for (const number of upTo(rounds)) {
    for (const film of upTo(films)) {
      await service.database.transaction((sql) => service.outbox.append(sql, [change(film + 1, number)]))
    }
    if (number % 20 === 10) {
      const before = await effects()
      await eventually(async () => expect(await effects()).toBeGreaterThan(before))
      await kill(process)
      process = await startProcess('review-service.ts', settings)
    }
  }
  await eventually(async () => expect(await effects()).toBe(films * rounds), 60_000)
  await eventually(async () => expect(await service.waiting()).toBe(0))
  const { rows } = await service.pool.query('select key, number from effect order by place')
  for (const film of upTo(films)) {
    const numbers = rows.filter(({ key }) => key === String(film + 1)).map(({ number }) => number)
    expect(numbers).toEqual(upTo(rounds))
  }
}, 120_000)
