import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { reasonOf, StartupError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { answerWithinMs, KeyValueUnavailable } from '../kv.ts'
import { defineScripts } from './scripts.ts'

/** Milliseconds that a start waits for a server that is not there yet. */
const startWithinMs = 5_000

/** Replies of a server that cannot serve; any other error reply is the caller's fault. */
const outage =
  /^(LOADING|BUSY|OOM|MISCONF|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|NOAUTH|NOPERM)\b/

export interface RedisConnection {
  /** @throws KeyValueUnavailable; what Redis replies to a wrong command passes through */
  run<T>(command: (redis: Redis) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * One connection, made again by itself whenever it is lost, within half a second of the server's return. A command under
 * way when it is lost fails, since it may have been done; one that comes while there is none waits for the next attempt
 * to connect, and once an attempt has failed, further ones fail at once.
 * @throws StartupError DATABASE_UNREACHABLE when no server answers within 5 s
 */
export async function openRedis(url: string, name: string, log: Log): Promise<RedisConnection> {
  /** Between the start and the close: then a lost connection is news, and made again. */
  let started = false
  let failedAttempts = 0
  let lastError: unknown
  const redis = new Redis(url, {
    lazyConnect: true,
    connectionName: `movieverse-${name}`,
    connectTimeout: answerWithinMs,
    commandTimeout: answerWithinMs,
    // Without it a connection whose packets vanish would stay for as long as TCP tries.
    socketTimeout: 2 * answerWithinMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => (started ? Math.min(25 * 2 ** times, 500) : null),
  })
  redis.on('error', (error: unknown) => {
    lastError = error
  })
  redis.on('ready', () => {
    if (started && failedAttempts > 0) log.info({ store: name }, 'Redis answers again')
    failedAttempts = 0
  })
  redis.on('close', () => {
    failedAttempts += 1
    if (started && failedAttempts === 1) log.warn({ store: name }, 'the connection to Redis was lost')
  })
  defineScripts(redis)

  for (const deadline = performance.now() + startWithinMs; ; await pause(100)) {
    try {
      await redis.connect()
      break
    } catch (error) {
      if (performance.now() < deadline) continue
      throw new StartupError(
        'DATABASE_UNREACHABLE',
        `Redis does not answer: ${reasonOf(lastError ?? error)}`,
        'Start it, or correct REDIS_URL.',
        { cause: lastError ?? error },
      )
    }
  }
  started = true

  return {
    async run(command) {
      // The first loss is one; from the second on an attempt has failed.
      if (failedAttempts > 1) throw new KeyValueUnavailable(lastError)
      try {
        return await command(redis)
      } catch (error) {
        const isReply = error instanceof Error && error.name === 'ReplyError'
        if (isReply && !outage.test(error.message)) throw error
        // Without a connection the reason is why there is none.
        throw new KeyValueUnavailable(redis.status === 'ready' ? error : (lastError ?? error))
      }
    },
    async close() {
      started = false
      if (redis.status === 'ready') await redis.quit().catch(() => redis.disconnect())
      else redis.disconnect()
    },
  }
}
