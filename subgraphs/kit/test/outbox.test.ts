import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { BusEvent, EventBus } from '../src/bus/bus.ts'
import { createPostgresBus } from '../src/bus/postgres.ts'
import { silentLog } from '../src/log.ts'
import { metrics } from '../src/metrics.ts'
import { createInboxCleanup } from '../src/outbox/cleanup.ts'
import { type OutboxDatabase, pgDatabase } from '../src/outbox/database.ts'
import { createOutboxLeases, outboxSlots } from '../src/outbox/leases.ts'
import type { OutgoingEvent } from '../src/outbox/outbox.ts'
import { createRelay, type Relay } from '../src/outbox/relay.ts'
import { createInbox } from '../src/outbox/sql-inbox.ts'
import { createOutbox, type SqlOutbox } from '../src/outbox/sql-outbox.ts'
import { createSqlSource } from '../src/outbox/sql-source.ts'
import { outboxTables } from '../src/outbox/tables.ts'
import { pgSql } from '../src/sql.ts'
import { createTestDatabase, type TestDatabase } from '../src/testing/database.ts'
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
async function newService() {
  const server = await createTestDatabase('kit')
  const pool = new pg.Pool({ connectionString: server.url, max: 10 })
  onTestFinished(async () => {
    await pool.end()
    await server.close()
  })
  await pool.query(outboxTables)
  await pool.query(outboxTables)
  const outbox = createOutbox({ source: 'reviews' })
  const database = pgDatabase(pool)
  const waiting = async () => Number((await pool.query('select count(*) from outbox')).rows[0].count)
  return { server, pool, outbox, database, waiting }
}

async function startRelay(
  service: { database: OutboxDatabase; outbox: SqlOutbox },
  settings: { bus?: EventBus; leaseMs?: number; batchSize?: number; pollMs?: number } = {},
): Promise<Relay> {
  const { database, outbox } = service
  const relay = createRelay({
    name: 'reviews',
    source: createSqlSource(database, outbox),
    bus,
    log: silentLog,
    pollMs: 50,
    ...settings,
  })
  await relay.start()
  onTestFinished(() => relay.stop())
  return relay
}

/** What reaches the bus from now on. */
async function listen(): Promise<BusEvent[]> {
  const seen: BusEvent[] = []
  const subscription = await bus.subscribe({
    group: fresh('group'),
    topics: [topic],
    from: 'end',
    async handle(event) {
      seen.push(event)
    },
  })
  onTestFinished(() => subscription.close())
  return seen
}

/** The bus, and every batch that was published to it. */
function recorded(): { bus: EventBus; batches: (readonly BusEvent[])[] } {
  const batches: (readonly BusEvent[])[] = []
  return {
    batches,
    bus: {
      ...bus,
      publish(events) {
        batches.push(events)
        return bus.publish(events)
      },
    },
  }
}

describe('the outbox', () => {
  test('sends an event with its transaction, or not at all', async () => {
    const service = await newService()
    const seen = await listen()
    await startRelay(service)
    const failing = service.database.transaction(async (sql) => {
      await service.outbox.append(sql, [change(8, 1)])
      throw new Error('no such film')
    })
    await expect(failing).rejects.toThrow('no such film')
    const before = Date.now()
    await service.database.transaction((sql) =>
      service.outbox.append(sql, [{ ...change(8, 2), origin: 'import' }]),
    )
    service.outbox.wake()
    await eventually(() => expect(seen).toHaveLength(1))
    expect(seen[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      source: 'reviews',
      topic,
      key: '8',
      type: 'review_created',
      time: expect.any(Date),
      origin: 'import',
      data: { type: 'review_created', review_id: 1, user_id: 1, movie_id: 8, rating: 4.5, version: 2 },
    })
    expect(JSON.stringify(seen[0]?.data)).toBe(
      '{"type":"review_created","review_id":1,"user_id":1,"movie_id":8,"rating":4.5,"version":2}',
    )
    expect(Math.abs((seen[0]?.time.getTime() ?? 0) - before)).toBeLessThan(10_000)
    await eventually(async () => expect(await service.waiting()).toBe(0))
  })

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

  test('appends thousands of events in one transaction, in order', async () => {
    const service = await newService()
    const seen = await listen()
    await service.database.transaction((sql) =>
      service.outbox.append(
        sql,
        upTo(2500).map((number) => change(1, number)),
      ),
    )
    await startRelay(service)
    await eventually(() => expect(seen).toHaveLength(2500))
    expect(seen.map(({ data }) => data.version)).toEqual(upTo(2500))
  })
})

describe('the outbox relay', () => {
  test('does not pass over a transaction that commits later with a lower position', async () => {
    const service = await newService()
    const seen = await listen()
    await startRelay(service)
    const slow = await service.pool.connect()
    await slow.query('begin')
    await service.outbox.append(pgSql(slow), [change(1, 1)])
    await service.database.transaction((sql) => service.outbox.append(sql, [change(2, 1)]))
    service.outbox.wake()
    await eventually(async () => expect(await service.waiting()).toBe(0))
    await slow.query('commit')
    slow.release()
    await eventually(() => expect(seen.map(({ key }) => key).sort()).toEqual(['1', '2']))
  })

  test('shares the work with other relays, each aggregate’s events in order with one of them', async () => {
    const service = await newService()
    const [left, right] = [recorded(), recorded()]
    const seen = await listen()
    await startRelay(service, { bus: left.bus, leaseMs: 600 })
    await startRelay(service, { bus: right.bus, leaseMs: 600 })
    let number = 0
    await eventually(async () => {
      number += 1
      await service.database.transaction((sql) =>
        service.outbox.append(
          sql,
          upTo(40).map((film) => change(film + 1, number)),
        ),
      )
      service.outbox.wake()
      expect(left.batches.length).toBeGreaterThan(0)
      expect(right.batches.length).toBeGreaterThan(0)
    })
    await eventually(() => expect(seen).toHaveLength(40 * number))
    for (const film of upTo(40)) {
      const versions = seen.filter(({ key }) => key === String(film + 1)).map(({ data }) => data.version)
      expect(versions).toEqual(upTo(number).map((index) => index + 1))
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
  })

  test('holds each share of the outbox alone, and only for as long as it renews', async () => {
    const { database } = await newService()
    const [first, second] = [createOutboxLeases(database, 60_000), createOutboxLeases(database, 60_000)]
    const all = upTo(outboxSlots)
    expect(await first.renew()).toEqual(all)
    expect(await second.renew()).toEqual([])
    const kept = await first.renew()
    expect(kept).toHaveLength(outboxSlots / 2)
    const given = all.filter((slot) => !kept.includes(slot))
    expect(await second.renew()).toEqual(given)
    expect(await first.renew()).toEqual(kept)
    await first.release()
    expect(await second.renew()).toEqual(all)
    await second.release()

    const gone = createOutboxLeases(database, 200)
    const heir = createOutboxLeases(database, 60_000)
    expect(await gone.renew()).toEqual(all)
    expect(await heir.renew()).toEqual([])
    await eventually(async () => expect(await heir.renew()).toEqual(all))
  })

  test('takes over the share of a relay that stops', async () => {
    const service = await newService()
    const seen = await listen()
    const first = await startRelay(service, { leaseMs: 60_000 })
    await eventually(() => first.check())
    await first.stop()
    await startRelay(service, { leaseMs: 60_000 })
    await service.database.transaction((sql) =>
      service.outbox.append(
        sql,
        upTo(30).map((film) => change(film + 1, 1)),
      ),
    )
    await eventually(() => expect(seen).toHaveLength(30))
  })

  test('publishes again with the same id what it could not delete after publishing', async () => {
    const service = await newService()
    const published: string[] = []
    const failingOnce: EventBus = {
      ...bus,
      async publish(events) {
        await bus.publish(events)
        published.push(...events.map(({ id }) => id))
        if (published.length === 1) throw new Error('the acknowledgement was lost')
      },
    }
    await service.database.transaction((sql) => service.outbox.append(sql, [change(8, 1)]))
    await startRelay(service, { bus: failingOnce })
    await eventually(async () => expect(await service.waiting()).toBe(0))
    expect(published).toHaveLength(2)
    expect(published[0]).toBe(published[1])
  })

  test('says that events cannot leave while the bus is down, and catches up by itself', async () => {
    const service = await newService()
    const own = await createTestDatabase('kit')
    const down = await createPostgresBus({ url: own.url, log: silentLog })
    onTestFinished(() => down.close())
    const relay = await startRelay(service, { bus: down })
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

  test('measures what waits and since when', async () => {
    const service = await newService()
    await service.database.transaction((sql) => service.outbox.append(sql, [change(8, 1), change(8, 2)]))
    await service.pool.query(`update outbox set time = time - interval '1 hour'`)
    const relay = createRelay({
      name: 'measured',
      source: createSqlSource(service.database, service.outbox),
      bus,
      log: silentLog,
      batchSize: 1,
    })
    await relay.start()
    await eventually(async () => expect(await service.waiting()).toBe(0))
    await relay.stop()
    const text = await metrics.metrics()
    expect(text).toMatch(/movieverse_outbox_published_total\{service="measured"\} 2/)
    const oldest = /movieverse_outbox_oldest_seconds\{service="measured"\} ([\d.]+)/.exec(text)
    expect(Number(oldest?.[1])).toBeGreaterThan(3500)
  })
})

describe('the inbox', () => {
  test('accepts an event once per group', async () => {
    const { database } = await newService()
    const inbox = createInbox()
    const accept = (group: string) => database.transaction((sql) => inbox.accept(sql, group, 'event-1'))
    expect(await accept('mail')).toBe(true)
    expect(await accept('mail')).toBe(false)
    expect(await accept('index')).toBe(true)
  })

  test('accepts again what was rolled back with its effect', async () => {
    const { database } = await newService()
    const inbox = createInbox()
    const failing = database.transaction(async (sql) => {
      expect(await inbox.accept(sql, 'mail', 'event-1')).toBe(true)
      throw new Error('the effect failed')
    })
    await expect(failing).rejects.toThrow('the effect failed')
    expect(await database.transaction((sql) => inbox.accept(sql, 'mail', 'event-1'))).toBe(true)
  })

  test('lets one of two deliveries at the same time have the effect', async () => {
    const { database } = await newService()
    const inbox = createInbox()
    const accepted = await Promise.all(
      upTo(8).map(() => database.transaction((sql) => inbox.accept(sql, 'mail', 'event-1'))),
    )
    expect(accepted.filter(Boolean)).toHaveLength(1)
  })

  test('forgets marks that are older than any redelivery', async () => {
    const { database, pool } = await newService()
    const inbox = createInbox()
    for (const id of ['old', 'new']) await inbox.accept(database.sql, 'mail', id)
    await pool.query(`update inbox set accepted_at = accepted_at - interval '2 hours' where event_id = 'old'`)
    const cleanup = createInboxCleanup({
      name: 'reviews',
      database,
      log: silentLog,
      keepMs: 3_600_000,
      everyMs: 20,
    })
    await cleanup.start()
    await eventually(async () => {
      expect((await pool.query('select event_id from inbox')).rows).toEqual([{ event_id: 'new' }])
    })
    await cleanup.stop()
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
