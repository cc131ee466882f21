import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BusEvent, EventBus } from '@movieverse/kit/bus/bus'
import { createPostgresBus } from '@movieverse/kit/bus/postgres'
import { silentLog } from '@movieverse/kit/log'
import { metrics } from '@movieverse/kit/metrics'
import { outboxSlots } from '@movieverse/kit/outbox/leases'
import { createRelay } from '@movieverse/kit/outbox/relay'
import { createTestDatabase, type TestDatabase } from '@movieverse/kit/testing/database'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { mongoOptions } from '../src/engine.ts'
import { told, toldOfImport } from '../src/events.ts'
import { type Collections, collectionsOf } from '../src/mongodb/collections.ts'
import { createDocumentOutbox } from '../src/mongodb/outbox.ts'
import { createDocumentSource } from '../src/mongodb/source.ts'
import { openMongoStore } from '../src/store.mongodb.ts'
import { mongoServer, newMongoDatabase } from './mongodb.ts'
import type { RelayProcess } from './processes/relay.ts'

const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 25_000, interval: 20 })
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe.runIf(mongoServer !== null)('events in documents of MongoDB', () => {
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
    const url = newMongoDatabase()
    const client = new MongoClient(url, mongoOptions)
    const { store } = await openMongoStore({ client, log: silentLog })
    onTestFinished(async () => {
      await client.db().dropDatabase()
      await store.close()
    })
    const collections = collectionsOf(client.db())
    const saveGenre = (id: number) =>
      store.saveGenre(id, () => ({ name: `Genre ${id}`, slug: `genre-${id}` }), told.genre)
    const addGenres = async (count: number) => {
      for (const number of upTo(count))
        await store.saveGenre(
          undefined,
          () => ({ name: `Genre ${number}`, slug: `genre-${number}` }),
          told.genre,
        )
    }
    return { url, store, collections, sourceOf: () => sourceOf(collections), saveGenre, addGenres }
  }

  const sourceOf = (collections: Collections) =>
    createDocumentSource(collections, { outbox: createDocumentOutbox(collections), log: silentLog })

  const waiting = async (collections: Collections) => (await sourceOf(collections).backlog()).events

  /** A relay in this process, which hears of no write but by the server. */
  async function startRelay(collections: Collections, pace = { leaseMs: 1000, pollMs: 50 }) {
    const source = sourceOf(collections)
    const relay = createRelay({ name: 'metadata', source, bus, log: silentLog, ...pace })
    await relay.start()
    onTestFinished(() => relay.stop())
    return { relay, source }
  }

  async function startProcess(settings: Omit<RelayProcess, 'busUrl'>): Promise<ChildProcess> {
    const child = fork(
      resolve('subgraphs/metadata/test/processes/relay.ts'),
      [JSON.stringify({ ...settings, busUrl: busServer.url })],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    )
    onTestFinished(() => kill(child))
    return child
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  const said = (child: ChildProcess, word: string) =>
    new Promise<void>((done, fail) => {
      child.on('message', (message) => message === word && done())
      child.once('exit', () => fail(new Error(`The process ended before it said ${word}`)))
    })

  /** What reaches the bus from now on. */
  async function listen(): Promise<BusEvent[]> {
    const seen: BusEvent[] = []
    const subscription = await bus.subscribe({
      group: `group-${Math.random()}`,
      topics: ['movieverse.metadata'],
      from: 'end',
      handle: async (event) => void seen.push(event),
    })
    onTestFinished(() => subscription.close())
    return seen
  }

  /** The versions of each genre in the order of their first delivery. */
  const versionsByGenre = (seen: readonly BusEvent[]) => {
    const first = new Map(seen.toReversed().map((event) => [event.id, event]))
    const inOrder = [...first.values()].toReversed()
    return Object.fromEntries(
      [...Map.groupBy(inOrder, ({ key }) => key)].map(([key, events]) => [
        key,
        events.map(({ data }) => data.version),
      ]),
    )
  }

  test('are in the document with the write that they tell of, and gone from it once they have left', async () => {
    const { store, collections } = await newStore()
    const seen = await listen()
    const saved = await store.saveGenre(undefined, () => ({ name: 'Told', slug: 'told' }), told.genre)
    if (saved.kind !== 'saved') throw new Error(saved.kind)
    const { id } = saved.genre
    expect(await collections.genres.findOne({ _id: id })).toMatchObject({
      version: 1,
      pending: [
        { key: String(id), type: 'genre_saved', data: { type: 'genre_saved', genre_id: id, version: 1 } },
      ],
    })
    await startRelay(collections)
    await eventually(() => expect(seen).toHaveLength(1))
    expect(JSON.stringify(seen[0]?.data)).toBe(`{"type":"genre_saved","genre_id":${id},"version":1}`)
    await eventually(async () =>
      expect(await collections.genres.findOne({ _id: id })).toMatchObject({ version: 1, pending: [] }),
    )
  })

  test('leave as soon as another process has written them, long before the next look', async () => {
    const { collections, addGenres, saveGenre } = await newStore()
    const seen = await listen()
    const { source } = await startRelay(collections, { leaseMs: 600_000, pollMs: 600_000 })
    await eventually(() => expect(source.hearsOthers).toBe(true))
    await addGenres(1)
    await eventually(() => expect(seen).toHaveLength(1))
    await saveGenre(1)
    await eventually(() => expect(seen).toHaveLength(2))
  })

  describe('whose relay is killed between publishing and removing', () => {
    async function killedBetween(order: RelayProcess['order']) {
      const { url, collections, addGenres } = await newStore()
      const seen = await listen()
      await addGenres(30)
      const child = await startProcess({ url, order, hold: true })
      await said(child, 'between')
      await kill(child)
      await startRelay(collections)
      await eventually(async () => expect(await waiting(collections)).toBe(0))
      await sleep(500)
      return seen
    }

    test('all leave, and those that leave again have the same id', async () => {
      const seen = await killedBetween('publish, remove')
      const ids = new Map(seen.map(({ id, key }) => [id, key]))
      expect([...ids.values()].map(Number).sort((a, b) => a - b)).toEqual(upTo(30))
      expect(seen.length).toBeGreaterThan(ids.size)
    })

    test('would be lost if they were removed first', async () => {
      const seen = await killedBetween('remove, publish')
      expect(new Set(seen.map(({ key }) => key)).size).toBeLessThan(30)
    })
  })

  test('of documents written while relays are killed at any moment all leave, each document’s in order', async () => {
    const { url, collections, addGenres, saveGenre } = await newStore()
    const seen = await listen()
    await addGenres(8)
    let writing = true
    const writes = (async () => {
      for (let round = 0; round < 30; round++) await Promise.all(upTo(8).map((id) => saveGenre(id)))
      writing = false
    })()
    for (let kills = 0; writing || kills < 3; kills++) {
      const [first, second] = [
        await startProcess({ url, order: 'publish, remove', hold: false }),
        await startProcess({ url, order: 'publish, remove', hold: false }),
      ]
      await Promise.all([said(first, 'ready'), said(second, 'ready')])
      await sleep(Math.random() * 300)
      await Promise.all([kill(first), kill(second)])
    }
    await writes
    await startRelay(collections)
    await eventually(async () => expect(await waiting(collections)).toBe(0))
    const expected = Object.fromEntries(upTo(8).map((id) => [String(id), upTo(31)]))
    await eventually(() => expect(versionsByGenre(seen)).toEqual(expected))
  })

  test('are shared by relays, which hold each slot alone and take over what another has left', async () => {
    const { sourceOf: source } = await newStore()
    const [first, second] = [source().leases(60_000), source().leases(60_000)]
    const all = upTo(outboxSlots).map((number) => number - 1)
    expect(await first.renew()).toEqual(all)
    expect(await second.renew()).toEqual([])
    const kept = await first.renew()
    expect(kept).toHaveLength(outboxSlots / 2)
    expect(await second.renew()).toEqual(all.filter((slot) => !kept.includes(slot)))
    expect([first.shared, second.shared]).toEqual([true, true])
    await first.release()
    expect(await second.renew()).toEqual(all)
    await second.release()
    const gone = source().leases(200)
    const heir = source().leases(60_000)
    expect(await gone.renew()).toEqual(all)
    expect(await heir.renew()).toEqual([])
    await eventually(async () => expect(await heir.renew()).toEqual(all))
  })

  test('of a batch leave as one when it is written, and also when its writer was killed half-way', async () => {
    const { store, collections } = await newStore()
    const seen = await listen()
    await store.importPeople([{ name: 'One' }, { name: 'Two' }], toldOfImport('people_imported', 'seed'))
    const outbox = createDocumentOutbox(collections)
    const planned = toldOfImport('people_imported', 'seed')({ firstId: 7, lastId: 9, count: 3 })
    await expect(outbox.batch(planned, async () => Promise.reject(new Error('killed')))).rejects.toThrow(
      'killed',
    )
    await startRelay(collections)
    const counts = () => seen.map(({ data }) => data.count)
    await eventually(() => expect(counts()).toEqual([2]))
    await collections.batches.updateMany({}, { $set: { startedAt: new Date(Date.now() - 120_000) } })
    await eventually(() => expect(counts()).toEqual([2, 3]))
    await eventually(async () => expect(await collections.batches.countDocuments()).toBe(0))
  })

  test('are counted while they wait, with the age of the oldest', async () => {
    const { collections, addGenres } = await newStore()
    await addGenres(3)
    await collections.genres.updateOne(
      { _id: 2 },
      { $set: { 'pending.0.time': new Date(Date.now() - 3_600_000) } },
    )
    const full: EventBus = { ...bus, publish: async () => Promise.reject(new Error('the bus is full')) }
    const source = sourceOf(collections)
    const { events, oldestMs } = await source.backlog()
    expect(events).toBe(3)
    expect(oldestMs).toBeGreaterThan(3_500_000)
    const relay = createRelay({ name: 'mongo-measured', source, bus: full, log: silentLog, pollMs: 50 })
    await relay.start()
    await eventually(() => expect(relay.check()).rejects.toThrow(/the bus is full/))
    await relay.stop()
    expect(await metrics.metrics()).toMatch(
      /movieverse_outbox_failures_total\{service="mongo-measured"\} [1-9]/,
    )
  })
})
