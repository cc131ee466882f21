import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import type { KeyValue } from '../src/kv/kv.ts'
import { createTestDatabase, type TestDatabase } from '../src/testing/database.ts'
import { engineAddress } from '../src/testing/engines.ts'
import { type KeyValueEngine, keyValueEngines } from './engines.ts'

const redis = engineAddress('redis')

const engines: { name: KeyValueEngine; place: () => Promise<TestDatabase> }[] = [
  { name: 'postgres', place: () => createTestDatabase('kit') },
  ...(redis ? [{ name: 'redis' as const, place: () => placeIn(redis) }] : []),
]

/** Each engine that is up, in each of its uses. */
export const keyValueUses = engines.flatMap((engine) => [
  { ...engine, use: 'sessions', durable: true },
  { ...engine, use: 'caches', durable: false },
])

/** A store for all tests of a block, and others on the same ground. */
export function useStores({ name, place, durable }: (typeof keyValueUses)[number]) {
  let ground: TestDatabase
  let store: KeyValue
  /** Another process's store; its caller closes it. */
  const open = () => keyValueEngines[name](ground.url, durable)
  beforeAll(async () => {
    ground = await place()
    store = await open()
  })
  afterAll(async () => {
    await store?.close()
    await ground?.close()
  })
  return {
    store: () => store,
    open,
    /** Another process's store, closed with the test. */
    async second(): Promise<KeyValue> {
      const other = await open()
      onTestFinished(() => other.close())
      return other
    },
  }
}

/** Names of its own in a Redis that others use too, behind the `#` of its URL; closing deletes what has them. */
async function placeIn(server: string): Promise<TestDatabase> {
  const prefix = `test-${randomUUID()}`
  return {
    url: `${server}#${prefix}`,
    async close() {
      const client = new Redis(server)
      for await (const keys of client.scanStream({ match: `${prefix}:*`, count: 1000 }))
        if (keys.length > 0) await client.unlink(keys)
      await client.quit()
    },
  }
}
