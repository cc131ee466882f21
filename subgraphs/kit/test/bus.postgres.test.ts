import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { BusEvent, EventBus, EventConsumer } from '../src/bus/bus.ts'
import { createPostgresBus, type PostgresBusSettings } from '../src/bus/postgres.ts'
import { silentLog } from '../src/log.ts'
import { openPool } from '../src/postgres/pool.ts'
import { createTestDatabase, type TestDatabase } from '../src/testing/database.ts'
import { fresh, newEvent, numberedEvents, numbersByKey, upTo } from './events.ts'

let server: TestDatabase
let admin: pg.Pool
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 25_000, interval: 20 })

beforeAll(async () => {
  server = await createTestDatabase('kit')
  admin = openPool({ connectionString: server.url })
})
afterAll(async () => {
  await admin.end()
  await server.close()
})

async function open(settings: Partial<PostgresBusSettings> = {}): Promise<EventBus> {
  const bus = await createPostgresBus({
    url: server.url,
    log: silentLog,
    pollMs: 100,
    leaseMs: 1500,
    ...settings,
  })
  onTestFinished(() => bus.close())
  return bus
}

async function listen(
  bus: EventBus,
  consumer: Omit<EventConsumer, 'handle'> & Partial<EventConsumer>,
): Promise<BusEvent[]> {
  const seen: BusEvent[] = []
  await bus.subscribe({
    ...consumer,
    async handle(event, signal) {
      await consumer.handle?.(event, signal)
      seen.push(event)
    },
  })
  return seen
}

test('many processes can make the tables of an empty database at the same time', async () => {
  const empty = await createTestDatabase('kit')
  onTestFinished(() => empty.close())
  const buses = await Promise.all(upTo(5).map(() => open({ url: empty.url })))
  await Promise.all(buses.map((bus) => bus.ping()))
})

test('an event whose transaction is still in flight is not passed over by later ones', async () => {
  const bus = await open()
  const topic = fresh('things')
  const seen = await listen(bus, { group: fresh('group'), topics: [topic] })
  const [slow, quick] = [newEvent(topic, 'same'), newEvent(topic, 'same')]
  const client = await admin.connect()
  await client.query('begin')
  // Another publisher that has written and not committed yet; its key lies in the partition of the next one.
  await bus.publish([newEvent(topic, 'same', { first: true })])
  await eventually(() => expect(seen).toHaveLength(1))
  await client.query(
    `insert into bus.event (topic, partition, id, source, key, type, origin, time, data)
     select topic, partition, $2, source, key, type, origin, time, data from bus.event where topic = $1`,
    [topic, slow.id],
  )
  await bus.publish([quick])
  await new Promise((resolve) => setTimeout(resolve, 300))
  await client.query('commit')
  client.release()
  await eventually(() => expect(seen.map(({ id }) => id).slice(1)).toEqual([slow.id, quick.id]))
})

test('a seek to a time does not pass over an event in flight', async () => {
  const bus = await open()
  const topic = fresh('things')
  const group = fresh('group')
  await bus.publish([newEvent(topic, 'same', { first: true })])
  const before = new Date()
  const client = await admin.connect()
  await client.query('begin')
  await client.query(
    `insert into bus.event (topic, partition, id, source, key, type, origin, time, data)
     select topic, partition, 'slow', source, key, type, origin, time, data from bus.event where topic = $1`,
    [topic],
  )
  const quick = newEvent(topic, 'same')
  await bus.publish([quick])
  await bus.seek(group, topic, before)
  await client.query('commit')
  client.release()
  const seen = await listen(bus, { group, topics: [topic] })
  await eventually(() => expect(seen.map(({ id }) => id)).toContain(quick.id))
  expect(seen.map(({ id }) => id)).toContain('slow')
})

test('lost connections lose no event', async () => {
  const bus = await open()
  const topic = fresh('things')
  const seen = await listen(bus, { group: fresh('group'), topics: [topic] })
  const events = numberedEvents(topic, 10, 20)
  for (let start = 0; start < events.length; start += 20) {
    if (start % 60 === 20) {
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name like 'bus%'`,
      )
    }
    const batch = events.slice(start, start + 20)
    await eventually(() => bus.publish(batch))
  }
  await eventually(() => expect(new Set(seen.map(({ id }) => id)).size).toBe(events.length))
  for (const numbers of Object.values(numbersByKey(seen))) {
    const first = numbers.filter((number, index) => numbers.indexOf(number) === index)
    expect(first).toEqual(upTo(20))
  }
})

test('a dependency that is down is no fault of the event', async () => {
  const bus = await open()
  const topic = fresh('things')
  const group = fresh('group')
  let attempts = 0
  const seen = await listen(bus, {
    group,
    topics: [topic],
    attempts: 2,
    async handle() {
      attempts += 1
      if (attempts > 3) return
      // Nobody listens on the port of tcpmux.
      const client = new pg.Client({ host: '127.0.0.1', port: 1 })
      await client.connect()
    },
  })
  await bus.publish([newEvent(topic, 'a')])
  await eventually(() => expect(seen).toHaveLength(1))
  expect(attempts).toBe(4)
  expect(await bus.deadLetters(group)).toEqual([])
})

test('a handler that hangs is given up and set aside like one that fails', async () => {
  const bus = await open({ timeoutMs: 100 })
  const topic = fresh('things')
  const group = fresh('group')
  const [hanging, behind] = [newEvent(topic, 'a'), newEvent(topic, 'a')]
  const aborted: boolean[] = []
  const seen = await listen(bus, {
    group,
    topics: [topic],
    attempts: 2,
    handle(event, signal) {
      if (event.id !== hanging.id) return Promise.resolve()
      signal.addEventListener('abort', () => aborted.push(true))
      return new Promise(() => {})
    },
  })
  await bus.publish([hanging, behind])
  await eventually(() => expect(seen.map(({ id }) => id)).toEqual([behind.id]))
  expect(await bus.deadLetters(group)).toMatchObject([{ cause: 'Not done after 100 ms', attempts: 2 }])
  expect(aborted).toEqual([true, true])
})

test('one caller’s events that cannot be stored do not fail another’s', async () => {
  const bus = await open()
  const topic = fresh('things')
  const seen = await listen(bus, { group: fresh('group'), topics: [topic] })
  const first = newEvent(topic, 'a')
  const good = newEvent(topic, 'b')
  const results = await Promise.allSettled([
    bus.publish([first]),
    bus.publish([{ ...newEvent(topic, 'c'), key: 'nul \u0000' }]),
    bus.publish([good]),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  await eventually(() => expect(seen.map(({ id }) => id).sort()).toEqual([first.id, good.id].sort()))
})

test('a log that was restored on a younger server goes on where its groups stood', async () => {
  const restored = await createTestDatabase('kit')
  onTestFinished(() => restored.close())
  const topic = fresh('things')
  const group = fresh('group')
  const before = await createPostgresBus({ url: restored.url, log: silentLog })
  const first = await before.subscribe({ group, topics: [topic], handle: async () => {} })
  await before.publish(numberedEvents(topic, 5, 2))
  await eventually(async () => expect(await before.lag(group, [topic])).toBe(0))
  await first.close()
  const missed = numberedEvents(topic, 5, 2)
  await before.publish(missed)
  await before.close()
  // As a dump of a server that has seen a billion transactions more would bring them.
  const client = new pg.Client({ connectionString: restored.url })
  await client.connect()
  for (const table of ['event', 'progress']) {
    await client.query(
      `update bus.${table} set xid = (xid::text::bigint + 1000000000)::text::xid8 where xid > '0'`,
    )
  }
  await client.end()

  const after = await open({ url: restored.url })
  const seen = await listen(after, { group, topics: [topic] })
  const next = newEvent(topic, 'key-0', { number: 2 })
  await after.publish([next])
  await eventually(() => expect(seen).toHaveLength(missed.length + 1))
  expect(numbersByKey(seen)['key-0']).toEqual([0, 1, 2])
  expect(numbersByKey(seen)['key-1']).toEqual([0, 1])
  const everything = await listen(after, { group: fresh('group'), topics: [topic] })
  await eventually(() => expect(everything).toHaveLength(21))
  expect(numbersByKey(everything)['key-0']).toEqual([0, 1, 0, 1, 2])
})

test('old events go when every active group has done them', async () => {
  const bus = await open({ retentionMs: 3_600_000, cleanEveryMs: 100 })
  const [done, undone, recent] = [fresh('done'), fresh('undone'), fresh('recent')]
  const group = fresh('group')
  const gate = Promise.withResolvers<void>()
  const seen = await listen(bus, {
    group,
    topics: [done, undone],
    handle: (event) => (event.topic === undone ? gate.promise : Promise.resolve()),
  })
  await bus.publish([newEvent(done, 'a'), newEvent(undone, 'a'), newEvent(recent, 'a')])
  await eventually(async () => expect(await bus.lag(group, [done])).toBe(0))
  await admin.query(`update bus.event set published_at = now() - interval '2 hours' where topic <> $1`, [
    recent,
  ])
  const left = async () =>
    (
      await admin.query<{ topic: string }>(
        'select topic from bus.event where topic = any($1) order by topic',
        [[done, undone, recent]],
      )
    ).rows.map(({ topic }) => topic)
  await eventually(async () => expect(await left()).toEqual([recent, undone].sort()))
  gate.resolve()
  await eventually(() => expect(seen).toHaveLength(2))
  await eventually(async () => expect(await left()).toEqual([recent]))
})
