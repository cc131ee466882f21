import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type KeyValue, KeyValueUnavailable } from '../src/kv/kv.ts'
import { isOutage } from '../src/outage.ts'
import { type KeyValueServer, keyValueServers } from '../src/testing/key-value-server.ts'
import { fresh } from './events.ts'

/** What a call may take while the store is down: its 1.5 s, and generously what a busy machine adds. */
const boundMs = 5_000

describe.each(keyValueServers)('the key-value store on $name', ({ start }) => {
  let server: KeyValueServer
  let sessions: KeyValue
  let cache: KeyValue
  beforeAll(async () => {
    server = await start()
    ;[sessions, cache] = await Promise.all([server.open(true), server.open(false)])
  })
  afterAll(async () => {
    await Promise.all([sessions?.close(), cache?.close()])
    await server?.close()
  })

  const recovered = () =>
    vi.waitFor(() => Promise.all([sessions.ping(), cache.ping()]), { timeout: 10_000, interval: 50 })

  test.each(['kill', 'stop'] as const)(
    'says in time that it is down (%s), keeps sessions, and recovers by itself',
    async (end) => {
      const [key, counter, tag] = [fresh('key'), fresh('counter'), fresh('tag')]
      await sessions.set(key, 'kept', { ttlMs: 600_000, tags: [tag] })
      await sessions.increment(counter, 41, { ttlMs: 600_000 })
      await cache.set(key, 'cached', { ttlMs: 600_000 })
      await server[end]()
      const begun = performance.now()
      const calls = await Promise.allSettled([
        sessions.get(key),
        sessions.getMany([key, counter]),
        sessions.set(key, 'lost'),
        sessions.compareAndSet(key, 'kept', 'lost'),
        sessions.keysByTag(tag),
        sessions.ping(),
        cache.increment(counter, 1),
        cache.delete([key]),
      ])
      expect(performance.now() - begun).toBeLessThan(boundMs)
      for (const call of calls) {
        expect(call).toEqual({ status: 'rejected', reason: expect.any(KeyValueUnavailable) })
        expect(call.status === 'rejected' && isOutage(call.reason)).toBe(true)
      }
      await server.start()
      await recovered()
      expect(await sessions.get(key)).toBe('kept')
      expect(await sessions.keysByTag(tag)).toEqual([key])
      expect(await sessions.increment(counter, 1)).toMatchObject({ value: 42 })
      expect(await sessions.compareAndSet(key, 'kept', 'replaced')).toBe(true)
      // What may be lost is there or not, and works.
      expect([null, 'cached']).toContain(await cache.get(key))
      await cache.set(key, 'again')
      expect(await cache.get(key)).toBe('again')
    },
  )

  test('loses but what is under way when its connections are dropped', async () => {
    const key = fresh('key')
    await sessions.set(key, 'kept')
    for (let round = 0; round < 3; round += 1) {
      const underWay = Promise.allSettled(Array.from({ length: 50 }, () => sessions.increment(`${key} n`, 1)))
      await server.dropConnections()
      for (const call of await underWay)
        if (call.status === 'rejected') expect(call.reason).toBeInstanceOf(KeyValueUnavailable)
      await vi.waitFor(async () => expect(await sessions.get(key)).toBe('kept'), { timeout: 10_000 })
    }
    expect(Number(await sessions.get(`${key} n`))).toBeLessThanOrEqual(150)
  })
})
