import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import type { TestDatabase } from '../src/testing/database.ts'
import { engineAddress } from '../src/testing/engines.ts'

const address = engineAddress('redis')

/** The Redis that is up, if one is: names of its own in it, behind the `#` of its URL. */
export const redisPlaces: (() => Promise<TestDatabase>)[] = address ? [() => placeIn(address)] : []

/** Names of its own in a Redis that others use too; closing deletes what has them. */
async function placeIn(server: string): Promise<TestDatabase> {
  const prefix = `test-${randomUUID()}`
  return {
    url: `${server}#${prefix}`,
    async close() {
      const redis = new Redis(server)
      for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1000 }))
        if (keys.length > 0) await redis.unlink(keys)
      await redis.quit()
    },
  }
}
