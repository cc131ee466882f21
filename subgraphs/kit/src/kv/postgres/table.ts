import pg, { type Pool } from 'pg'
import { KeyValueUnavailable } from '../kv.ts'

/** Statements of one table, each a single atomic one with a name, so that every connection prepares it once. */
export interface EntryTable {
  readonly name: string
  /** @throws KeyValueUnavailable; what PostgreSQL has against a parameter passes through */
  run<Row>(statement: EntryStatement, parameters: readonly unknown[]): Promise<{ rows: Row[]; count: number }>
}

/** Classes of SQLSTATE: data exceptions (a counter that is no number) and limits of a value. */
const callersFault = /^(22|54)/

export type EntryStatement = keyof ReturnType<typeof statementsOf>

/**
 * Expiry is by the database's clock. Writes of several rows lock them in the order of their keys, so that two of them
 * cannot wait for each other.
 */
function statementsOf(table: string) {
  const alive = '(expires_at is null or expires_at > now())'
  const until = (parameter: string) => `now() + ${parameter}::float8 * interval '1 millisecond'`
  return {
    get: `select value from ${table} where key = $1 and ${alive}`,
    getMany: `select key, value from ${table} where key = any($1::text[]) and ${alive}`,
    getManyToKeep: `select key, value, extract(epoch from expires_at - now()) * 1000 as expires_in
      from ${table} where key = any($1::text[]) and ${alive}`,
    set: `insert into ${table} (key, value, expires_at, tags) values ($1, $2, ${until('$3')}, $4::text[])
      on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at, tags = excluded.tags`,
    setMany: `insert into ${table} (key, value, expires_at, tags)
      select key, value, ${until('$3')}, $4::text[] from unnest($1::text[], $2::text[]) as entry (key, value) order by key
      on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at, tags = excluded.tags`,
    setIfAbsent: `insert into ${table} as present (key, value, expires_at, tags) values ($1, $2, ${until('$3')}, $4::text[])
      on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at, tags = excluded.tags
      where present.expires_at <= now()`,
    setIfEqual: `update ${table} set value = $2, expires_at = ${until('$3')}, tags = $4::text[]
      where key = $1 and value = $5 and ${alive}`,
    deleteIfEqual: `delete from ${table} where key = $1 and value = $2 and ${alive}`,
    delete: `with gone as (select key from ${table} where key = any($1::text[]) order by key for update)
      delete from ${table} as entry using gone where entry.key = gone.key
      returning (entry.expires_at is null or entry.expires_at > now()) as alive`,
    increment: `insert into ${table} as present (key, value, expires_at) values ($1, $2::bigint::text, ${until('$3')})
      on conflict (key) do update set
        value = case when present.expires_at <= now() then excluded.value
          else (present.value::bigint + $2::bigint)::text end,
        expires_at = case when present.expires_at <= now() then excluded.expires_at else present.expires_at end,
        tags = case when present.expires_at <= now() then '{}' else present.tags end
      returning value, extract(epoch from expires_at - now()) * 1000 as expires_in`,
    keysByTag: `select key from ${table} where tags @> array[$1::text] and tags <> '{}' and ${alive} order by key`,
    deleteByTag: `with gone as (
        select key from ${table} where tags @> array[$1::text] and tags <> '{}' order by key for update)
      delete from ${table} as entry using gone where entry.key = gone.key
      returning (entry.expires_at is null or entry.expires_at > now()) as alive`,
    sweep: `delete from ${table} where key in (
      select key from ${table} where expires_at < now() - interval '1 second' limit 5000 for update skip locked)
      and expires_at < now() - interval '1 second'`,
    ping: `select 1 from ${table} limit 1`,
  } as const
}

/**
 * Creates schema `kv` and the table if they are not there, safely beside other processes that do the same.
 * @param durable a logged table; otherwise an unlogged one, that a crash of the server empties
 */
export async function openEntryTable(pool: Pool, durable: boolean): Promise<EntryTable> {
  const name = durable ? 'kv.durable_entry' : 'kv.volatile_entry'
  const short = name.slice('kv.'.length)
  await pool.query(`
    begin;
    select pg_advisory_xact_lock(hashtext('movieverse kv'));
    create schema if not exists kv;
    create ${durable ? '' : 'unlogged'} table if not exists ${name} (
      key text primary key,
      value text not null,
      expires_at timestamptz,
      tags text[] not null default '{}'
    ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
    create index if not exists ${short}_expiry on ${name} (expires_at) where expires_at is not null;
    create index if not exists ${short}_tags on ${name} using gin (tags) where tags <> '{}';
    commit;`)
  const statements = statementsOf(name)
  return {
    name,
    async run<Row>(statement: EntryStatement, parameters: readonly unknown[]) {
      try {
        const result = await pool.query({
          name: `${name} ${statement}`,
          text: statements[statement],
          values: [...parameters],
        })
        return { rows: result.rows as Row[], count: result.rowCount ?? 0 }
      } catch (error) {
        if (error instanceof pg.DatabaseError && callersFault.test(error.code ?? '')) throw error
        throw new KeyValueUnavailable(error)
      }
    },
  }
}
