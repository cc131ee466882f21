import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Counters, createCounters } from '../src/kv/counters.ts'
import type { KeyValue } from '../src/kv/kv.ts'
import { silentLog } from '../src/log.ts'
import { metrics } from '../src/metrics.ts'
import { type KeyValueServer, keyValueServers } from '../src/testing/key-value-server.ts'
import { fresh } from './events.ts'

describe.each(keyValueServers)('counters on $name', ({ start }) => {
  let server: KeyValueServer
  let stores: KeyValue[]
  let one: Counters
  let other: Counters
  const limit = fresh('limit')

  beforeAll(async () => {
    server = await start()
    stores = await Promise.all([server.open(false), server.open(false)])
    const [first, second] = stores.map((store) =>
      createCounters({ store, limit, log: silentLog, pauseMs: 100 }),
    )
    if (!first || !second) throw new Error('no stores')
    one = first
    other = second
  })
  afterAll(async () => {
    await Promise.all(stores?.map((store) => store.close()) ?? [])
    await server?.close()
  })

  const shown = async () => {
    const { values } = (await metrics.getSingleMetric('movieverse_limit_counted_alone')?.get()) ?? {}
    return values?.find(({ labels }) => labels.limit === limit)?.value
  }

  test('are shared, and take back what was counted', async () => {
    const key = fresh('key')
    await one.count(key, 60_000)
    const second = await other.count(key, 60_000)
    expect(second.value).toBe(2)
    expect(second.expiresInMs).toBeGreaterThan(50_000)
    await second.takeBack()
    expect((await one.count(key, 60_000)).value).toBe(2)
    expect(await shown()).toBe(0)
  })

  test('go on in each process alone while the store is down, and together again when it is back', async () => {
    const key = fresh('key')
    await one.count(key, 60_000)
    await server.stop()
    const alone = [await one.count(key, 60_000), await one.count(key, 60_000), await one.count(key, 60_000)]
    expect(alone.map(({ value }) => value)).toEqual([1, 2, 3])
    await alone[2]?.takeBack()
    expect((await one.count(key, 60_000)).value).toBe(3)
    expect((await other.count(key, 60_000)).value).toBe(1)
    expect((await one.count(fresh('brief'), 1)).value).toBe(1)
    expect(await shown()).toBe(1)
    await server.start()
    await vi.waitFor(
      async () => {
        await one.count(fresh('probe'), 1000)
        expect(await shown()).toBe(0)
      },
      { timeout: 10_000, interval: 100 },
    )
  })
})
