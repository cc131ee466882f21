import type { Log } from '../log.ts'
import { openPool } from '../postgres/pool.ts'
import { refusingUnfit } from './fitting.ts'
import { answerWithinMs, type KeyValue, type SetOptions } from './kv.ts'
import { withLocalCopies } from './postgres/local-reads.ts'
import { type EntryTable, openEntryTable } from './postgres/table.ts'

export interface PostgresKeyValueSettings {
  /** Connection string of a database; schema `kv` in it is this engine's. */
  readonly url: string
  /** Survives a crash of the server and is never cached in the process (sessions); otherwise it may be lost (caches). */
  readonly durable: boolean
  readonly log: Log
  /** Connections; default 4. */
  readonly connections?: number
  /** Milliseconds between deletions of expired rows; default 30,000. */
  readonly sweepMs?: number
}

/**
 * Keys in one table of PostgreSQL; every call is one statement, so it is atomic, and expiry is by the database's clock.
 * `durable`: a logged table, each call reads the store. Not durable: an unlogged table that a crash of the server empties,
 * and `get`/`getMany` may answer from a copy in the process that is at most one second old; a process always sees its own
 * writes, another's within that second. `compareAndSet`, `increment` and the tags always work on the store.
 */
export async function createPostgresKeyValue(settings: PostgresKeyValueSettings): Promise<KeyValue> {
  const { url, durable, log, connections = 4, sweepMs = 30_000 } = settings
  const pool = openPool(
    {
      connectionString: url,
      max: connections,
      connectionTimeoutMillis: answerWithinMs,
      query_timeout: answerWithinMs,
      // What nobody waits for any more does not run on.
      statement_timeout: answerWithinMs,
      application_name: durable ? 'kv durable' : 'kv volatile',
    },
    (error) => log.warn({ err: error }, 'key-value store: an idle connection was lost'),
  )
  let table: EntryTable
  try {
    table = await openEntryTable(pool, durable)
  } catch (error) {
    await pool.end()
    throw error
  }
  const sweeper = setInterval(() => {
    table.run('sweep', []).catch((error: unknown) => {
      log.warn({ err: error, table: table.name }, 'expired keys stay until the next sweep')
    })
  }, sweepMs)
  sweeper.unref()
  const store = storeOf(table, async () => {
    clearInterval(sweeper)
    await pool.end()
  })
  return refusingUnfit(durable ? store : withLocalCopies(store, table))
}

function storeOf(table: EntryTable, close: () => Promise<void>): KeyValue {
  const lifetime = (options: SetOptions | undefined) => [options?.ttlMs ?? null, options?.tags ?? []]
  return {
    async get(key) {
      const { rows } = await table.run<{ value: string }>('get', [key])
      return rows[0]?.value ?? null
    },
    async getMany(keys) {
      if (keys.length === 0) return []
      const { rows } = await table.run<{ key: string; value: string }>('getMany', [keys])
      const values = new Map(rows.map(({ key, value }) => [key, value]))
      return keys.map((key) => values.get(key) ?? null)
    },
    async set(key, value, options) {
      await table.run('set', [key, value, ...lifetime(options)])
    },
    async setMany(entries, options) {
      if (entries.length === 0) return
      const values = new Map(entries)
      await table.run('setMany', [[...values.keys()], [...values.values()], ...lifetime(options)])
    },
    async compareAndSet(key, expected, next, options) {
      if (next === null) {
        if (expected === null) return (await table.run('get', [key])).rows.length === 0
        return (await table.run('deleteIfEqual', [key, expected])).count === 1
      }
      if (expected === null) {
        return (await table.run('setIfAbsent', [key, next, ...lifetime(options)])).count === 1
      }
      return (await table.run('setIfEqual', [key, next, ...lifetime(options), expected])).count === 1
    },
    async delete(keys) {
      if (keys.length === 0) return 0
      const { rows } = await table.run<{ alive: boolean }>('delete', [keys])
      return rows.filter(({ alive }) => alive).length
    },
    async increment(key, by, options) {
      const { rows } = await table.run<{ value: string; expires_in: string | null }>('increment', [
        key,
        by,
        options?.ttlMs ?? null,
      ])
      const [row] = rows
      if (!row) throw new Error(`No counter came back for ${key}`)
      return {
        value: Number(row.value),
        expiresInMs: row.expires_in === null ? null : Math.ceil(Number(row.expires_in)),
      }
    },
    async keysByTag(tag) {
      const { rows } = await table.run<{ key: string }>('keysByTag', [tag])
      return rows.map(({ key }) => key)
    },
    async deleteByTag(tag) {
      const { rows } = await table.run<{ alive: boolean }>('deleteByTag', [tag])
      return rows.filter(({ alive }) => alive).length
    },
    async ping() {
      await table.run('ping', [])
    },
    close,
  }
}
