import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { restoringMark } from '@movieverse/kit/databases/restoring'
import { connectClient } from '@movieverse/kit/postgres/client'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { isLeftOut, type StoreEngine, type StoreTarget, type StoreView, type TableShape } from './store.ts'

/** PostgreSQL by COPY: text in which equal values are equal, whatever the session's settings were. */
export const postgresStore: StoreEngine = { hold, view, target }

async function connect(url: string): Promise<pg.Client> {
  const client = await connectClient({ connectionString: url, application_name: 'backup' })
  await client.query(
    `SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1;
     SET bytea_output = 'hex'; SET lock_timeout = '3s'`,
  )
  return client
}

/** lock_not_available. */
const waitedTooLong = '55P03'
const tries = 5

async function hold(url: string): Promise<() => Promise<void>> {
  const client = await connect(url)
  const { rows } = await client.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
      WHERE table_schema = 'public' AND table_name IN ('outbox', 'inbox') ORDER BY 1 DESC`,
  )
  // Conflicts with every insert: those that have one are waited for, later ones wait.
  const lock = `BEGIN; LOCK TABLE ${rows.map(({ name }) => name).join(', ')} IN SHARE MODE`
  for (let left = tries; rows.length > 0; left -= 1) {
    try {
      await client.query(lock)
      break
    } catch (error) {
      // A writer that takes its time: the others go on, and it is tried again.
      await client.query('ROLLBACK')
      if (!(error instanceof pg.DatabaseError) || error.code !== waitedTooLong || left <= 1) throw error
    }
  }
  return async () => {
    await client.query('ROLLBACK')
    await client.end()
  }
}

const quoted = (name: string): string => name.split('.').map(pg.escapeIdentifier).join('.')
const listed = (columns: readonly string[]): string => columns.map(pg.escapeIdentifier).join(', ')

/** Tables of our own with their columns and key; a partitioned one as a whole. */
const tablesQuery = `
  SELECT n.nspname || '.' || c.relname AS name,
    array(SELECT a.attname::text FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum)
      AS columns,
    array(SELECT a.attname::text FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k(number, place)
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
      WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = k.number ORDER BY k.place) AS key,
    array(SELECT rn.nspname || '.' || r.relname FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
      JOIN pg_namespace rn ON rn.oid = r.relnamespace
      WHERE f.contype = 'f' AND r.oid <> c.oid
        AND (f.conrelid = c.oid OR f.conrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = c.oid))) AS needs
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND c.relname <> '_prisma_migrations'
  ORDER BY 1`

interface TableRow extends TableShape {
  readonly key: readonly string[]
  readonly needs: readonly string[]
}

async function view(url: string, leftOut: readonly string[]): Promise<StoreView> {
  const client = await connect(url)
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  // The first statement sets the moment.
  const { rows } = await client.query<TableRow>(tablesQuery)
  const tables = inOrder(rows.filter(({ name }) => !isLeftOut(name, leftOut)))
  return {
    tables,
    sequences: await readSequences(client, leftOut),
    async *read({ name, columns }) {
      const key = rows.find((row) => row.name === name)?.key ?? []
      const order = key.length > 0 ? listed(key) : `t::text COLLATE "C"`
      const query = `COPY (SELECT ${listed(columns)} FROM ${quoted(name)} t ORDER BY ${order}) TO STDOUT`
      for await (const piece of client.query(copyTo(query))) yield piece as Buffer
    },
    close: () => client.end(),
  }
}

async function readSequences(client: pg.Client, leftOut: readonly string[]): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT schemaname || '.' || sequencename AS name FROM pg_sequences WHERE schemaname NOT LIKE 'pg\\_%' ORDER BY 1`,
  )
  const values: Record<string, string> = {}
  for (const { name } of rows.filter((row) => !isLeftOut(row.name, leftOut))) {
    const { rows: found } = await client.query<{ value: string }>(
      `SELECT (last_value - CASE WHEN is_called THEN 0 ELSE 1 END)::text AS value FROM ${quoted(name)}`,
    )
    values[name] = found[0]?.value ?? '0'
  }
  return values
}

/** What another table refers to stands before it. */
function inOrder(tables: readonly TableRow[]): TableShape[] {
  const ordered: TableRow[] = []
  const visit = (table: TableRow): void => {
    if (ordered.includes(table)) return
    for (const other of tables) if (table.needs.includes(other.name)) visit(other)
    ordered.push(table)
  }
  tables.forEach(visit)
  return ordered.map(({ name, columns }) => ({ name, columns }))
}

async function target(url: string): Promise<StoreTarget> {
  const client = await connect(url)
  const names = async (): Promise<readonly string[]> =>
    (await client.query<TableRow>(tablesQuery)).rows.map(({ name }) => name)
  return {
    async isUsed() {
      const { rows } = await client.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
          AND backend_type = 'client backend' AND application_name <> 'backup'`,
      )
      return rows.length > 0
    },
    async filled() {
      const filled: string[] = []
      for (const name of await names()) {
        const { rows } = await client.query(`SELECT FROM ${quoted(name)} LIMIT 1`)
        if (rows.length > 0) filled.push(name)
      }
      return filled
    },
    async begin() {
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${restoringMark}`)
    },
    async clear() {
      const { rows } = await client.query<{ nspname: string }>(
        `SELECT nspname FROM pg_namespace
          WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%' AND nspname <> $1`,
        [restoringMark],
      )
      const drop = rows.map(({ nspname }) => `DROP SCHEMA ${pg.escapeIdentifier(nspname)} CASCADE;`).join(' ')
      await client.query(`${drop} CREATE SCHEMA public`)
    },
    async empty(tables) {
      if (tables.length === 0) return
      await client.query(`TRUNCATE ${tables.map(({ name }) => quoted(name)).join(', ')} CASCADE`)
    },
    async write({ name, columns }, rows) {
      const copy = client.query(copyFrom(`COPY ${quoted(name)} (${listed(columns)}) FROM STDIN`))
      await pipeline(Readable.from(rows), copy)
    },
    async setSequences(values) {
      for (const [name, value] of Object.entries(values)) {
        const called = BigInt(value) > 0n
        await client.query('SELECT setval($1, $2::bigint, $3)', [quoted(name), called ? value : '1', called])
      }
    },
    async finish() {
      await client.query('ANALYZE')
      await client.query(`DROP SCHEMA ${restoringMark}`)
    },
    close: () => client.end(),
  }
}
