import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type KeyValue, KeyValueUnavailable } from '../src/kv/kv.ts'
import { createRedisKeyValue } from '../src/kv/redis.ts'
import { silentLog } from '../src/log.ts'
import { type RedisServer, redisServerIsThere, startRedisServer } from '../src/testing/redis-server.ts'
import { fresh } from './events.ts'

/** What a call may take when the store is down: its limit, and generously what a busy machine adds. */
const boundMs = 5_000

async function outcome(call: Promise<unknown>): Promise<{ readonly error: unknown; readonly ms: number }> {
  const start = performance.now()
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return { error, ms: performance.now() - start }
}

describe.runIf(redisServerIsThere)('the key-value store on a Redis that has troubles', () => {
  let server: RedisServer
  let sessions: KeyValue
  let cache: KeyValue

  beforeAll(async () => {
    server = await startRedisServer()
    const open = (durable: boolean) => createRedisKeyValue({ url: server.url, durable, log: silentLog })
    ;[sessions, cache] = await Promise.all([open(true), open(false)])
  })
  afterAll(async () => {
    await Promise.all([sessions?.close(), cache?.close()])
    await server?.close()
  })

  const answering = (store: KeyValue) => vi.waitFor(() => store.ping(), { timeout: 10_000, interval: 50 })

  test('keeps sessions, counters and tags over a kill -9, and its scripts work again by themselves', async () => {
    const [key, counter, tag] = [fresh('key'), fresh('counter'), fresh('tag')]
    await sessions.set(key, 'kept', { ttlMs: 600_000, tags: [tag] })
    await sessions.increment(counter, 41, { ttlMs: 600_000 })
    await server.kill()
    await server.start()
    await answering(sessions)
    expect(await sessions.get(key)).toBe('kept')
    expect(await sessions.keysByTag(tag)).toEqual([key])
    expect((await sessions.increment(counter, 1)).value).toBe(42)
    expect(await sessions.compareAndSet(key, 'kept', 'replaced', { ttlMs: 600_000 })).toBe(true)
    await server.command('SCRIPT', 'FLUSH')
    expect(await sessions.compareAndSet(key, 'replaced', 'again')).toBe(true)
  })

  test('loses no write that was answered, and does none twice, when it is killed among them', async () => {
    const counter = fresh('counter')
    let answered = 0
    let sent = 0
    let stop = false
    const writer = async () => {
      while (!stop) {
        sent += 1
        const { error } = await outcome(sessions.increment(counter, 1))
        if (error === undefined) answered += 1
        else {
          expect(error).toBeInstanceOf(KeyValueUnavailable)
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
      }
    }
    const writers = Promise.all(Array.from({ length: 8 }, writer))
    await vi.waitFor(() => expect(answered).toBeGreaterThan(500), { timeout: 20_000 })
    await server.kill()
    await server.start()
    await answering(sessions)
    const before = answered
    await vi.waitFor(() => expect(answered).toBeGreaterThan(before + 500), { timeout: 20_000 })
    stop = true
    await writers
    const counted = Number(await sessions.get(counter))
    expect(counted).toBeGreaterThanOrEqual(answered)
    expect(counted).toBeLessThanOrEqual(sent)
    // Only those under way at the kill are unknown: at most one of each writer.
    expect(counted - answered).toBeLessThanOrEqual(8)
  })

  test('tells many at once that it is down', async () => {
    await server.kill()
    const many = await Promise.all(Array.from({ length: 1000 }, () => outcome(sessions.get('key'))))
    expect(many.filter(({ error }) => error instanceof KeyValueUnavailable)).toHaveLength(1000)
    await server.start()
    await Promise.all([answering(sessions), answering(cache)])
  })

  test('does not wait for one that stands still, and recovers by itself', async () => {
    const key = fresh('key')
    await sessions.set(key, 'value')
    server.pause()
    onTestFinished(() => server.resume())
    for (let round = 0; round < 3; round += 1) {
      const { error, ms } = await outcome(sessions.get(key))
      expect(error).toBeInstanceOf(KeyValueUnavailable)
      expect(ms).toBeLessThan(boundMs)
    }
    server.resume()
    await answering(sessions)
    expect(await sessions.get(key)).toBe('value')
  })

  test('has nothing after FLUSHALL, and goes on', async () => {
    const [key, tag] = [fresh('key'), fresh('tag')]
    await sessions.set(key, 'value', { tags: [tag] })
    await cache.set(key, 'value')
    await server.command('FLUSHALL')
    expect([await sessions.get(key), await cache.get(key)]).toEqual([null, null])
    expect(await sessions.keysByTag(tag)).toEqual([])
    expect(await sessions.compareAndSet(key, null, 'again')).toBe(true)
  })

  test('leaves nothing behind of keys whose time is over: neither them nor their tags', async () => {
    await server.command('FLUSHALL')
    const keys = Array.from({ length: 50 }, (_, index) => `short-${index}`)
    await sessions.setMany(
      keys.map((key) => [key, 'value'] as const),
      { ttlMs: 200, tags: ['everyone', 'some'] },
    )
    await sessions.set('long', 'value', { ttlMs: 600_000, tags: ['everyone'] })
    await vi.waitFor(async () => expect(await server.command('DBSIZE')).toBe(2), { timeout: 10_000 })
    // A tag in use forgets them at its next use.
    await sessions.set('long', 'value', { ttlMs: 600_000, tags: ['everyone'] })
    expect(await server.command('ZCARD', 'movieverse:sessions:tag:everyone')).toBe(1)
    await sessions.delete(['long'])
    expect(await server.command('DBSIZE')).toBe(0)
  })

  test('leaves nothing behind of values without an end once they are replaced or deleted', async () => {
    await server.command('FLUSHALL')
    await sessions.set('endless', 'value', { tags: ['tag'] })
    await sessions.set('brief', 'value', { tags: ['tag'], ttlMs: 200 })
    await sessions.set('endless', 'value')
    await sessions.delete(['endless'])
    await vi.waitFor(async () => expect(await server.command('DBSIZE')).toBe(0), { timeout: 10_000 })
  })

  test('keeps sessions and caches apart', async () => {
    const key = fresh('key')
    await sessions.set(key, 'session', { tags: ['shared'] })
    await cache.set(key, 'cached', { tags: ['shared'] })
    expect([await sessions.get(key), await cache.get(key)]).toEqual(['session', 'cached'])
    await cache.deleteByTag('shared')
    expect([await sessions.get(key), await cache.get(key)]).toEqual(['session', null])
  })
})

test.runIf(redisServerIsThere)('a full Redis gives up what ends soonest: sessions stay', async () => {
  const server = await startRedisServer(
    ['maxmemory', '6mb'],
    ['maxmemory-policy', 'volatile-ttl'],
    ['maxmemory-samples', '64'],
  )
  onTestFinished(() => server.close())
  const [sessions, cache] = await Promise.all([
    createRedisKeyValue({ url: server.url, durable: true, log: silentLog }),
    createRedisKeyValue({ url: server.url, durable: false, log: silentLog }),
  ])
  const ids = Array.from({ length: 200 }, (_, index) => `session-${index}`)
  await sessions.setMany(
    ids.map((id) => [id, 'x'.repeat(300)] as const),
    { ttlMs: 7 * 86_400_000, tags: ['user'] },
  )
  for (let index = 0; index < 400; index += 1)
    await cache.set(`document-${index}`, 'x'.repeat(50_000), { ttlMs: 86_400_000, tags: ['documents'] })
  const documents = await cache.keysByTag('documents')
  expect(documents.length).toBeGreaterThan(0)
  expect(documents.length).toBeLessThan(400)
  expect((await sessions.getMany(ids)).filter((value) => value !== null)).toHaveLength(200)
  expect(await sessions.keysByTag('user')).toHaveLength(200)
  await Promise.all([sessions.close(), cache.close()])
})

test.runIf(redisServerIsThere)('a full Redis that evicts nothing says that it is unavailable', async () => {
  const server = await startRedisServer(['maxmemory', '6mb'], ['maxmemory-policy', 'noeviction'])
  onTestFinished(() => server.close())
  const store = await createRedisKeyValue({ url: server.url, durable: true, log: silentLog })
  onTestFinished(() => store.close())
  const fill = async () => {
    for (let index = 0; index < 400; index += 1) await store.set(`key-${index}`, 'x'.repeat(50_000))
  }
  await expect(fill()).rejects.toThrow(KeyValueUnavailable)
  expect(await store.get('key-0')).not.toBeNull()
})

test('a start without Redis says so, and what to do', async () => {
  const nobody = createRedisKeyValue({ url: 'redis://127.0.0.1:1', durable: true, log: silentLog })
  await expect(nobody).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', remedy: /REDIS_URL/ })
})
