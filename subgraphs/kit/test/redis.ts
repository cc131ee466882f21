import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { processEnv } from '../src/env.ts'
import type { TestDatabase } from '../src/testing/database.ts'

const { REDIS_URL } = processEnv

/** The Redis that is up, if one is: names of its own in it, behind the `#` of its URL. */
export const redisPlaces: (() => Promise<TestDatabase>)[] = REDIS_URL ? [() => placeIn(REDIS_URL)] : []

/** Names of its own in a Redis that others use too; closing deletes what has them. */
async function placeIn(address: string): Promise<TestDatabase> {
  const prefix = `test-${randomUUID()}`
  return {
    url: `${address}#${prefix}`,
    async close() {
      const redis = new Redis(address)
      for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1000 }))
        if (keys.length > 0) await redis.unlink(keys)
      await redis.quit()
    },
  }
}
