import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { writeLines } from './configuration.ts'
import type { Engine } from './engine.ts'
import { debianPackage } from './sources/debian.ts'
import { findProgram } from './sources/run.ts'

/** Redis, every write on the disk before its answer: a killed server loses no session. */
export const redis: Engine = {
  name: 'redis',
  source: debianPackage('redis-server', () => findProgram('redis-server') !== undefined),
  server: {
    ports: [3],
    stopSignal: 'SIGTERM',
    variables: ({ ports: [port], password }) => ({ REDIS_URL: `redis://:${password}@127.0.0.1:${port}/0` }),
    async prepare({ folder, ports: [port], password }) {
      const data = join(folder, 'data')
      await mkdir(data, { recursive: true })
      const configuration = join(folder, 'redis.conf')
      await writeLines(configuration, [
        'bind 127.0.0.1',
        `port ${port}`,
        `requirepass ${password}`,
        `dir "${data}"`,
        'appendonly yes',
        'appendfsync always',
        'save ""',
        // A full server gives up what ends soonest: counters and documents, not sessions. It looks for that among
        // samples: with the five of its default a session is often the best that it sees.
        'maxmemory 256mb',
        'maxmemory-policy volatile-ttl',
        'maxmemory-samples 64',
      ])
      return [{ name: 'server', file: 'redis-server', args: [configuration] }]
    },
    async check({ REDIS_URL = '' }) {
      const client = new Redis(REDIS_URL, {
        lazyConnect: true,
        connectTimeout: 2000,
        commandTimeout: 5000,
        maxRetriesPerRequest: 0,
        retryStrategy: () => null,
      })
      let cause: Error | undefined
      // Without a listener it prints what the caller is told.
      client.on('error', (error) => {
        cause = error
      })
      try {
        await client.connect()
        await client.ping()
      } catch (error) {
        throw cause ?? error
      } finally {
        client.disconnect()
      }
    },
  },
}
