import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { BusEvent, EventBus } from '../bus/bus.ts'
import { createPostgresBus } from '../bus/postgres.ts'
import { silentLog } from '../log.ts'
import { metrics } from '../metrics.ts'
import type { OutboxDatabase } from '../outbox/database.ts'
import { dialectOf } from '../outbox/dialect.ts'
import { createOutboxLeases, outboxSlots } from '../outbox/leases.ts'
import type { OutgoingEvent } from '../outbox/outbox.ts'
import { createRelay, type Relay, type RelaySettings } from '../outbox/relay.ts'
import type { SqlOutbox } from '../outbox/sql-outbox.ts'
import { createSqlSource } from '../outbox/sql-source.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { testSqlInbox } from './sql-inbox.ts'

/** A service's own database with the tables of outbox and inbox, empty. */
export interface OutboxStore {
  readonly database: OutboxDatabase
  readonly outbox: SqlOutbox
  close(): Promise<void>
}

export interface OutboxContract {
  open(): Promise<OutboxStore>
  /** The `number`-th event of an aggregate; its data has `number` as its version. */
  change(key: number, number: number): OutgoingEvent
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
const eventually = (check: () => unknown, timeout = 25_000) => vi.waitFor(check, { timeout, interval: 20 })

/** What an outbox and an inbox promise, on whatever SQL engine. To be called in a test file. */
export function testSqlOutbox({ open, change }: OutboxContract): void {
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

  async function newStore() {
    const store = await open()
    onTestFinished(() => store.close())
    const { database, outbox } = store
    const count = async (table: string) =>
      Number((await database.sql.query<{ n: bigint }>(`select count(*) as n from ${table}`, []))[0]?.n)
    const write = (events: readonly OutgoingEvent[]) =>
      database.transaction((sql) => outbox.append(sql, events))
    return { database, outbox, write, count, waiting: () => count('outbox') }
  }
  type Store = Awaited<ReturnType<typeof newStore>>

  async function startRelay(
    { database, outbox }: Store,
    settings: Partial<RelaySettings> = {},
  ): Promise<Relay> {
    const source = createSqlSource(database, outbox)
    const relay = createRelay({ name: 'tested', source, bus, log: silentLog, pollMs: 50, ...settings })
    await relay.start()
    onTestFinished(() => relay.stop())
    return relay
  }

  /** What reaches the bus from now on. */
  async function listen(): Promise<BusEvent[]> {
    const seen: BusEvent[] = []
    const subscription = await bus.subscribe({
      group: `group-${randomUUID()}`,
      topics: [change(1, 1).topic],
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
    const publish = (events: readonly BusEvent[]) => {
      batches.push(events)
      return bus.publish(events)
    }
    return { batches, bus: { ...bus, publish } }
  }

  describe('the outbox', () => {
    test('sends an event with its transaction, or not at all', async () => {
      const store = await newStore()
      const seen = await listen()
      await startRelay(store)
      const failing = store.database.transaction(async (sql) => {
        await store.outbox.append(sql, [change(8, 1)])
        throw new Error('no such film')
      })
      await expect(failing).rejects.toThrow('no such film')
      const before = Date.now()
      const event = change(8, 2)
      await store.write([{ ...event, origin: 'import' }])
      store.outbox.wake()
      await eventually(() => expect(seen).toHaveLength(1))
      expect(seen[0]).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
        source: store.outbox.source,
        topic: event.topic,
        key: '8',
        type: event.data.type,
        time: expect.any(Date),
        origin: 'import',
        data: event.data,
      })
      expect(JSON.stringify(seen[0]?.data)).toBe(JSON.stringify(event.data))
      expect(Math.abs((seen[0]?.time.getTime() ?? 0) - before)).toBeLessThan(10_000)
      await eventually(async () => expect(await store.waiting()).toBe(0))
    })

    test('appends thousands of events in one transaction, in order', async () => {
      const store = await newStore()
      const seen = await listen()
      await store.write(upTo(2500).map((number) => change(1, number)))
      await startRelay(store)
      await eventually(() => expect(seen).toHaveLength(2500))
      expect(seen.map(({ data }) => data.version)).toEqual(upTo(2500))
    })
  })

  describe('the outbox relay', () => {
    test('does not pass over a transaction that commits later with a lower position', async () => {
      const store = await newStore()
      const seen = await listen()
      await startRelay(store)
      await store.database.transaction(async (sql) => {
        await store.outbox.append(sql, [change(1, 1)])
        await store.write([change(2, 1)])
        store.outbox.wake()
        await eventually(async () => expect(await store.waiting()).toBe(0))
      })
      await eventually(() => expect(seen.map(({ key }) => key).sort()).toEqual(['1', '2']))
    })

    test('shares the work with other relays, each aggregate’s events in order with one of them', async () => {
      const store = await newStore()
      const [left, right] = [recorded(), recorded()]
      const seen = await listen()
      await startRelay(store, { bus: left.bus, leaseMs: 600 })
      await startRelay(store, { bus: right.bus, leaseMs: 600 })
      let number = 0
      await eventually(async () => {
        number += 1
        await store.write(upTo(40).map((key) => change(key, number)))
        store.outbox.wake()
        expect(left.batches.length).toBeGreaterThan(0)
        expect(right.batches.length).toBeGreaterThan(0)
      })
      await eventually(() => expect(seen).toHaveLength(40 * number))
      for (const wanted of upTo(40)) {
        const versions = seen.filter(({ key }) => key === String(wanted)).map(({ data }) => data.version)
        expect(versions).toEqual(upTo(number))
      }
      expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
    })

    test('holds each share of the outbox alone, and only for as long as it renews', async () => {
      const { database } = await newStore()
      const [first, second] = [createOutboxLeases(database, 60_000), createOutboxLeases(database, 60_000)]
      const all = upTo(outboxSlots).map((slot) => slot - 1)
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

    test('renews beside many others without standing in their way', async () => {
      const { database } = await newStore()
      const relays = upTo(4).map(() => createOutboxLeases(database, 60_000))
      for (const _ of upTo(30)) await Promise.all(relays.map((relay) => relay.renew()))
      const held = await Promise.all(relays.map((relay) => relay.renew()))
      expect(held.flat().sort((a, b) => a - b)).toEqual(upTo(outboxSlots).map((slot) => slot - 1))
      for (const relay of relays) await relay.release()
    })

    test('takes over the share of a relay that stops', async () => {
      const store = await newStore()
      const seen = await listen()
      const first = await startRelay(store, { leaseMs: 60_000 })
      await eventually(() => first.check())
      await first.stop()
      await startRelay(store, { leaseMs: 60_000 })
      await store.write(upTo(30).map((key) => change(key, 1)))
      await eventually(() => expect(seen).toHaveLength(30))
    })

    test('publishes again with the same id what it could not delete after publishing', async () => {
      const store = await newStore()
      const published: string[] = []
      const failingOnce: EventBus = {
        ...bus,
        async publish(events) {
          await bus.publish(events)
          published.push(...events.map(({ id }) => id))
          if (published.length === 1) throw new Error('the acknowledgement was lost')
        },
      }
      await store.write([change(8, 1)])
      await startRelay(store, { bus: failingOnce })
      await eventually(async () => expect(await store.waiting()).toBe(0))
      expect(published).toHaveLength(2)
      expect(published[0]).toBe(published[1])
    })

    test('measures what waits and since when', async () => {
      const store = await newStore()
      const { sql } = store.database
      await store.write([change(8, 1), change(8, 2)])
      await sql.execute(`update outbox set time = ${dialectOf(sql).nowPlus(-3_600_000)}`, [])
      const name = `measured-${randomUUID()}`
      await startRelay(store, { name, batchSize: 1 })
      await eventually(async () => expect(await store.waiting()).toBe(0))
      const text = await metrics.metrics()
      expect(text).toContain(`movieverse_outbox_published_total{service="${name}"} 2`)
      const oldest = new RegExp(`movieverse_outbox_oldest_seconds\\{service="${name}"\\} ([\\d.]+)`).exec(
        text,
      )
      expect(Number(oldest?.[1])).toBeGreaterThan(3500)
    })
  })

  testSqlInbox(newStore)
}
