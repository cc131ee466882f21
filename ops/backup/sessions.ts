import type { EnvSource } from '@movieverse/kit/env'
import { Redis } from 'ioredis'

/** What the platform's names in Redis begin with. */
const names = 'movieverse:*'

/**
 * Ends every session that Redis holds, and forgets its caches and counts: they are of accounts as they were after the
 * backup. Those in PostgreSQL go with the database that they stand in.
 */
export async function endSessions({ REDIS_URL: url }: EnvSource): Promise<void> {
  if (!url) return
  const redis = new Redis(url, { maxRetriesPerRequest: 3 })
  try {
    for await (const keys of redis.scanStream({ match: names, count: 1000 })) {
      if (keys.length > 0) await redis.unlink(keys)
    }
  } finally {
    redis.disconnect()
  }
}
