import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { KeyValue } from '../kv/kv.ts'
import { createPostgresKeyValue } from '../kv/postgres.ts'
import { createRedisKeyValue } from '../kv/redis.ts'
import { silentLog } from '../log.ts'
import { startKillablePostgres } from './killable-postgres.ts'
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
  /** Ends all connections of stores; the server goes on. */
  dropConnections(): Promise<void>
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
    dropConnections: async () => void (await server.command('CLIENT', 'KILL', 'SKIPME', 'yes')),
    flush: async () => void (await server.command('FLUSHALL')),
    close: () => server.close(),
  }
}

async function startPostgres(): Promise<KeyValueServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'movieverse-kv-'))
  const server = await startKillablePostgres(join(dataDir, 'postgres'))
  const url = server.url('postgres')
  async function query(text: string): Promise<void> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(text)
    await client.end()
  }
  return {
    open: (durable) => createPostgresKeyValue({ url, durable, log: silentLog }),
    stop: server.stop,
    kill: server.kill,
    start: server.start,
    dropConnections: () =>
      query("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'kv %'"),
    flush: () => query('truncate kv.durable_entry, kv.volatile_entry'),
    async close() {
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
