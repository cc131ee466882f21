import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { KeyValue } from '../kv/kv.ts'
import { createPostgresKeyValue } from '../kv/postgres.ts'
import { createRedisKeyValue } from '../kv/redis.ts'
import { silentLog } from '../log.ts'
import { clusterFolder } from '../postgres/cluster.ts'
import { startEmbeddedPostgres } from '../postgres/embedded.ts'
import { readPostmaster } from '../postgres/postmaster.ts'
import { redisServerIsThere, startRedisServer } from './redis-server.ts'

/** A server of a test's own that carries sessions and caches, to be stopped, started again and emptied. */
export interface KeyValueServer {
  /** Opens a store on it; the caller closes it. */
  open(durable: boolean): Promise<KeyValue>
  stop(): Promise<void>
  /** Ends it by SIGKILL. */
  kill(): Promise<void>
  /** Again, with what it had; resolves when it answers. */
  start(): Promise<void>
  /** Removes every key of every store. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Every engine of the port whose server can be started here. */
export const keyValueServers: readonly { readonly name: string; start(): Promise<KeyValueServer> }[] = [
  { name: 'postgres', start: startPostgres },
  ...(redisServerIsThere ? [{ name: 'redis', start: startRedis }] : []),
]

async function startRedis(): Promise<KeyValueServer> {
  const server = await startRedisServer()
  return {
    open: (durable) => createRedisKeyValue({ url: server.url, durable, log: silentLog }),
    stop: () => server.stop(),
    kill: () => server.kill(),
    start: () => server.start(),
    flush: async () => void (await server.command('FLUSHALL')),
    close: () => server.close(),
  }
}

async function startPostgres(): Promise<KeyValueServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'movieverse-kv-'))
  const launch = (port?: number) =>
    startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres'), port, log: silentLog })
  let server = await launch()
  const url = server.url('postgres')
  return {
    open: (durable) => createPostgresKeyValue({ url, durable, log: silentLog }),
    stop: () => server.stop(),
    async kill() {
      const folder = clusterFolder(join(dataDir, 'postgres'))
      const postmaster = await readPostmaster(folder)
      if (postmaster) process.kill(postmaster.pid, 'SIGKILL')
      while (await readPostmaster(folder)) await delay(20)
    },
    async start() {
      server = await launch(server.port)
    },
    async flush() {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      await client.query('truncate kv.durable_entry, kv.volatile_entry')
      await client.end()
    },
    async close() {
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
