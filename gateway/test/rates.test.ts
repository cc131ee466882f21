import type { KeyValue } from '@movieverse/kit/kv/kv'
import { createPostgresKeyValue } from '@movieverse/kit/kv/postgres'
import { silentLog } from '@movieverse/kit/log'
import { createTestDatabase, type TestDatabase } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRateLimiter } from '../src/limits/rates.ts'
import { type Body, startGateway } from './running.ts'
import { createSignIn } from './sign-in.ts'
import { type Subgraphs, startSubgraphs } from './subgraphs.ts'

let database: TestDatabase
let store: KeyValue
let subgraphs: Subgraphs

beforeAll(async () => {
  database = await createTestDatabase('kit')
  store = await createPostgresKeyValue({ url: database.url, durable: false, log: silentLog })
  subgraphs = await startSubgraphs({
    echo: { sdl: 'type Query { echo: String }', resolvers: { Query: { echo: () => 'e' } } },
  })
})
afterAll(async () => {
  await subgraphs?.close()
  await store?.close()
  await database?.close()
})

function limiter(name: string, time: { now: number }, limit = 10, shared: KeyValue | null = store) {
  const now = () => time.now
  return createRateLimiter({
    name,
    limit,
    windowMs: 60_000,
    store: shared,
    log: silentLog,
    flushMs: 3_600_000,
    now,
  })
}

describe('a rate', () => {
  it('is exact in one process, by key and by window', async () => {
    const time = { now: 600_000 }
    const one = limiter('exact', time, 3, null)
    expect([one.take('a'), one.take('a'), one.take('a')]).toEqual([0, 0, 0])
    time.now += 20_000
    expect(one.take('a')).toBe(40_000)
    expect(one.take('b')).toBe(0)
    time.now += 40_000
    expect(one.take('a')).toBe(0)
    await one.close()
  })

  it('is shared between processes after they have spoken with the store', async () => {
    const time = { now: Date.now() }
    const [one, two] = [limiter('shared', time), limiter('shared', time)]
    for (let n = 0; n < 6; n += 1) one.take('a')
    await one.flush()
    expect(two.take('a', 3)).toBe(0)
    await two.flush()
    expect(two.take('a', 2)).toBeGreaterThan(0)
    expect(two.take('a', 1)).toBe(0)
    await Promise.all([one.close(), two.close()])
  })

  it('counts a burst larger than the rest not at all', async () => {
    const one = limiter('burst', { now: 0 }, 5, null)
    expect(one.take('a', 4)).toBe(0)
    expect(one.take('a', 2)).toBeGreaterThan(0)
    expect(one.take('a', 1)).toBe(0)
    await one.close()
  })

  it('is kept by each process alone while the store does not answer', async () => {
    const gone = await createPostgresKeyValue({ url: database.url, durable: false, log: silentLog })
    await gone.close()
    const one = limiter('gone', { now: Date.now() }, 2, gone)
    expect(one.take('a')).toBe(0)
    await one.flush()
    expect(one.take('a')).toBe(0)
    expect(one.take('a')).toBeGreaterThan(0)
    await one.close()
  })
})

describe('a gateway with rates', () => {
  const rates = { perAddress: 4, perUser: 0, exempt: [] }

  it('refuses an address with 429 and says when to come back', async () => {
    const running = await startGateway(subgraphs.supergraph, { rates })
    for (let n = 0; n < 4; n += 1) expect((await running.post({ query: '{ echo }' })).status).toBe(200)
    const refused = await running.post({ query: '{ echo }' })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(((await refused.json()) as Body).errors?.[0]?.extensions.code).toBe('RATE_LIMITED')
    await running.close()
  })

  it('counts each request of a batch', async () => {
    const running = await startGateway(subgraphs.supergraph, { rates })
    const batch = Array.from({ length: 3 }, () => ({ query: '{ echo }' }))
    expect((await running.post(batch)).status).toBe(200)
    expect((await running.post(batch)).status).toBe(429)
    await running.close()
  })

  it('counts each address behind a proxy on its own, and exempt ones not at all', async () => {
    const addresses = { trustedProxies: ['127.0.0.1'] }
    const running = await startGateway(subgraphs.supergraph, {
      rates: { ...rates, perAddress: 1, exempt: ['10.0.0.0/8'] },
      addresses,
    })
    const from = async (address: string) =>
      (await running.post({ query: '{ echo }' }, { 'x-forwarded-for': address })).status
    expect([await from('192.0.2.1'), await from('192.0.2.1'), await from('192.0.2.2')]).toEqual([
      200, 429, 200,
    ])
    expect([await from('10.0.0.1'), await from('10.0.0.1')]).toEqual([200, 200])
    await running.close()
  })

  it('counts a user wherever the requests come from, each of a batch', async () => {
    const signIn = await createSignIn(store)
    const running = await startGateway(subgraphs.supergraph, {
      ...signIn,
      rates: { ...rates, perAddress: 0, perUser: 3 },
    })
    const one = { query: '{ echo }' }
    expect((await running.post([one, one], await signIn.as(1))).status).toBe(200)
    expect((await running.post([one, one], await signIn.as(1))).status).toBe(429)
    expect((await running.post(one, await signIn.as(1, ['user'], 'another'))).status).toBe(200)
    expect((await running.post(one, await signIn.as(2))).status).toBe(200)
    await running.close()
  })
})
