import pg from 'pg'
import { reasonOf, StartupError } from '../errors.ts'
import { connectMysql, createMysqlDatabase, isMysqlError, mysqlErrors } from '../mysql/connect.ts'
import { withClient } from '../postgres/client.ts'
import { createDatabase } from '../postgres/embedded.ts'
import { databaseEngine, databaseName, urlOfDatabase } from './engine.ts'
import { halfRestored, restoringMark } from './restoring.ts'

/**
 * Makes the database that a URL names unless it is there. MongoDB makes its databases itself, with their first document.
 * @param options.restoring also one that is only half restored
 * @throws StartupError DATABASE_UNREACHABLE when the server does not answer, or the database is missing and the account
 * may not make it; RESTORE_UNFINISHED
 */
export async function ensureDatabase(url: string, { restoring }: { restoring: boolean }): Promise<void> {
  const engine = databaseEngine(url)
  let half = false
  try {
    if (engine === 'postgres') half = await ensurePostgres(url)
    if (engine === 'mysql') half = await ensureMysql(url)
  } catch (error) {
    throw unreachable(url, error)
  }
  if (half && !restoring) throw halfRestored(`The database ${databaseName(url)}`)
}

export function unreachable(url: string, error: unknown): StartupError {
  return new StartupError(
    'DATABASE_UNREACHABLE',
    `The database ${databaseName(url)} cannot be reached: ${reasonOf(error)}.`,
    'Check that the server runs and that the URL names it, with an account that may use this database.',
    { cause: error },
  )
}

/** @returns whether it is only half restored */
async function ensurePostgres(url: string): Promise<boolean> {
  const isMarked = 'SELECT WHERE to_regnamespace($1) IS NOT NULL'
  try {
    const { rows } = await withClient({ connectionString: url }, (client) =>
      client.query(isMarked, [restoringMark]),
    )
    return rows.length > 0
  } catch (error) {
    // 3D000: no such database.
    if (!(error instanceof pg.DatabaseError) || error.code !== '3D000') throw error
    await createDatabase(urlOfDatabase(url, 'postgres'), databaseName(url))
    return false
  }
}

async function ensureMysql(url: string): Promise<boolean> {
  try {
    const connection = await connectMysql(url)
    const rows = await connection.query<unknown[]>('SHOW TABLES LIKE ?', [restoringMark])
    await connection.end()
    return rows.length > 0
  } catch (error) {
    if (!isMysqlError(error, mysqlErrors.noSuchDatabase)) throw error
    await createMysqlDatabase(url)
    return false
  }
}
