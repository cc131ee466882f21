import { reasonOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { refusingUnfit } from './fitting.ts'
import type { KeyValue, SetOptions } from './kv.ts'
import { openRedis, type RedisConnection } from './redis/connection.ts'

export interface RedisKeyValueSettings {
  /** `redis://` or `rediss://`, with the number of a logical database as its path where not 0. */
  readonly url: string
  /** Sessions; otherwise caches. Each has key names of its own, so that both stand in one Redis. */
  readonly durable: boolean
  readonly log: Log
  /** What all names in Redis begin with; default `movieverse`. */
  readonly prefix?: string
}

/**
 * Keys in one Redis (6.2 or later; a single primary, no cluster: a script touches an entry and its tags). Calls of several
 * commands are Lua scripts.
 *
 * How much `durable` holds is the server's setting. With `appendonly yes` and `appendfsync always` what was answered
 * outlives a kill and a loss of power; with `everysec` it does not, since Redis answers while the disk is busy for up to two
 * seconds: a sign-out could be undone. `maxmemory-policy volatile-ttl` frees memory from what would end soonest: counters
 * and documents before sessions, which live for days; an evicted session is signed out. The server finds that among
 * `maxmemory-samples` keys at random: 64, since with few a session is often the best of them.
 * Where a durable instance finds a server that keeps nothing, or evicts whatever it likes, it says so in the log.
 */
export async function createRedisKeyValue(settings: RedisKeyValueSettings): Promise<KeyValue> {
  const { url, durable, log, prefix = 'movieverse' } = settings
  const name = durable ? 'sessions' : 'cache'
  const connection = await openRedis(url, name, log)
  if (durable) await warnOfLoss(connection, log)
  return refusingUnfit(storeOf(connection, `${prefix}:${name}`))
}

async function warnOfLoss(connection: RedisConnection, log: Log): Promise<void> {
  try {
    const info = await connection.run((redis) => redis.info())
    if (/^aof_enabled:0/m.test(info))
      log.warn('Redis keeps no append-only file: sessions end when it restarts')
    if (/^maxmemory_policy:allkeys/m.test(info))
      log.warn('Redis evicts any key when it is full: sessions may end early')
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, 'Redis does not say whether it keeps sessions')
  }
}

function storeOf({ run, close }: RedisConnection, namespace: string): KeyValue {
  const entryPrefix = `${namespace}:key:`
  const tagPrefix = `${namespace}:tag:`
  const entry = (key: string) => `${entryPrefix}${key}`
  const ttl = (options: { readonly ttlMs?: number } | undefined) => options?.ttlMs ?? ''
  const tags = (options: SetOptions | undefined) => options?.tags ?? []

  const setMany: KeyValue['setMany'] = async (entries, options) => {
    if (entries.length === 0) return
    const last = new Map(entries)
    const [keys, values] = [[...last.keys()], [...last.values()]]
    await run((redis) =>
      redis.kvSetMany(keys.length, keys.map(entry), tagPrefix, ttl(options), tags(options), values),
    )
  }

  return {
    get: (key) => run((redis) => redis.hget(entry(key), 'v')),
    async getMany(keys) {
      if (keys.length === 0) return []
      return run((redis) => redis.kvGetMany(keys.length, keys.map(entry), tagPrefix))
    },
    set: (key, value, options) => setMany([[key, value]], options),
    setMany,
    async compareAndSet(key, expected, next, options) {
      const condition = expected === null ? ['absent', ''] : ['equal', expected]
      const change = next === null ? ['delete', ''] : ['write', next]
      const wrote = await run((redis) =>
        redis.kvCompareAndSet(1, entry(key), tagPrefix, condition, change, ttl(options), tags(options)),
      )
      return wrote === 1
    },
    async delete(keys) {
      if (keys.length === 0) return 0
      return run((redis) => redis.kvDelete(keys.length, keys.map(entry), tagPrefix))
    },
    async increment(key, by, options) {
      const [value, left] = await run((redis) =>
        redis.kvIncrement(1, entry(key), tagPrefix, by, ttl(options)),
      )
      return { value: Number(value), expiresInMs: left < 0 ? null : left }
    },
    async keysByTag(tag) {
      const entries = await run((redis) => redis.kvKeysByTag(0, tagPrefix, tag))
      return entries.map((name) => name.slice(entryPrefix.length))
    },
    deleteByTag: (tag) => run((redis) => redis.kvDeleteByTag(0, tagPrefix, tag)),
    async ping() {
      await run((redis) => redis.ping())
    },
    close,
  }
}
