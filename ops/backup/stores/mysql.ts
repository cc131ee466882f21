import { restoringMark } from '@movieverse/kit/databases/restoring'
import { connectMysql, isMysqlError } from '@movieverse/kit/mysql/connect'
import type { Connection } from 'mariadb'
import { jsonLines, lines, type Rows } from '../rows.ts'
import { isLeftOut, type StoreEngine, type StoreTarget, type StoreView, type TableShape } from './store.ts'

/** MySQL by reading and inserting: each row an array of JSON, numbers and texts as they are. */
export const mysqlStore: StoreEngine = { hold, view, target }

/** ER_LOCK_WAIT_TIMEOUT. */
const waitedTooLong = 1205
const tries = 5

async function hold(url: string): Promise<() => Promise<void>> {
  const connection = await connectMysql(url)
  const held = (await tableNames(connection)).filter((name) => ['outbox', 'inbox'].includes(name))
  await connection.query('SET SESSION lock_wait_timeout = 3')
  for (let left = tries; held.length > 0; left -= 1) {
    try {
      await connection.query(`LOCK TABLES ${held.map((name) => `${quoted(name)} READ`).join(', ')}`)
      break
    } catch (error) {
      // Two writers that wait for each other by way of this lock: given up, so that they go on, and tried again.
      if (!isMysqlError(error, waitedTooLong) || left <= 1) throw error
    }
  }
  return async () => {
    await connection.query('UNLOCK TABLES')
    await connection.end()
  }
}

const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``
const listed = (columns: readonly string[]): string => columns.map(quoted).join(', ')

async function tableNames(connection: Connection): Promise<readonly string[]> {
  const rows = await connection.query<{ name: string }[]>(
    `SELECT table_name AS name FROM information_schema.tables
      WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name NOT IN ('_prisma_migrations', ?)
      ORDER BY 1`,
    [restoringMark],
  )
  return rows.map(({ name }) => name)
}

async function columnsOf(connection: Connection, table: string, keyOnly: boolean): Promise<string[]> {
  const rows = await connection.query<{ name: string }[]>(
    keyOnly
      ? `SELECT column_name AS name FROM information_schema.statistics
          WHERE table_schema = DATABASE() AND table_name = ? AND index_name = 'PRIMARY' ORDER BY seq_in_index`
      : `SELECT column_name AS name FROM information_schema.columns
          WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position`,
    [table],
  )
  return rows.map(({ name }) => name)
}

async function view(url: string, leftOut: readonly string[]): Promise<StoreView> {
  // Values as text of the server's, but for numbers, which the binary protocol gives exactly.
  const connection = await connectMysql(url, { dateStrings: true, autoJsonMap: false })
  const names = (await tableNames(connection)).filter((name) => !isLeftOut(name, leftOut))
  const tables: TableShape[] = []
  for (const name of names) tables.push({ name, columns: await columnsOf(connection, name, false) })
  await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
  return {
    tables,
    // AUTO_INCREMENT goes on behind the rows that are there.
    sequences: {},
    async *read({ name, columns }) {
      const key = await columnsOf(connection, name, true)
      const statement = await connection.prepare(
        `SELECT ${listed(columns)} FROM ${quoted(name)} ORDER BY ${listed(key)}`,
      )
      const write = (row: unknown) =>
        JSON.stringify(columns.map((column) => text((row as Record<string, unknown>)[column])))
      try {
        yield* jsonLines(statement.executeStream(), write)
      } finally {
        statement.close()
      }
    },
    close: () => connection.end(),
  }
}

/** MySQL's own JSON comes as what it says. */
function text(value: unknown): unknown {
  if (Buffer.isBuffer(value)) throw new Error('Binary columns are not kept')
  if (typeof value === 'bigint') return value.toString()
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}

/** Rows of one INSERT. */
const batch = 500

async function target(url: string): Promise<StoreTarget> {
  const connection = await connectMysql(url)
  return {
    async isUsed() {
      const rows = await connection.query<unknown[]>(
        'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
      )
      return rows.length > 0
    },
    async filled() {
      const filled: string[] = []
      for (const name of await tableNames(connection)) {
        const rows = await connection.query<unknown[]>(`SELECT 1 FROM ${quoted(name)} LIMIT 1`)
        if (rows.length > 0) filled.push(name)
      }
      return filled
    },
    async begin() {
      await connection.query(`CREATE TABLE IF NOT EXISTS ${restoringMark} (since INT)`)
    },
    async clear() {
      for (const name of [...(await tableNames(connection)), '_prisma_migrations']) {
        await connection.query(`DROP TABLE IF EXISTS ${quoted(name)}`)
      }
    },
    async empty(tables) {
      for (const { name } of tables) await connection.query(`TRUNCATE TABLE ${quoted(name)}`)
    },
    async write(table, rows) {
      await connection.beginTransaction()
      for await (const part of batches(rows)) await insert(connection, table, part)
      await connection.commit()
    },
    async setSequences() {},
    async finish() {
      await connection.query(`DROP TABLE ${restoringMark}`)
    },
    close: () => connection.end(),
  }
}

async function* batches(rows: Rows): AsyncIterable<unknown[][]> {
  let part: unknown[][] = []
  for await (const line of lines(rows)) {
    if (part.push(JSON.parse(line)) < batch) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}

async function insert(
  connection: Connection,
  { name, columns }: TableShape,
  rows: readonly unknown[][],
): Promise<void> {
  const values = rows.map(() => `(${columns.map(() => '?').join(', ')})`).join(', ')
  await connection.execute(`INSERT INTO ${quoted(name)} (${listed(columns)}) VALUES ${values}`, rows.flat())
}
