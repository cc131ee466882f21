import pg from 'pg'
import { reasonOf, StartupError } from '../errors.ts'
import { connectMysql, createMysqlDatabase, isMysqlError, mysqlErrors } from '../mysql/connect.ts'
import { createDatabase } from '../postgres/embedded.ts'
import { databaseEngine, databaseName, urlOfDatabase } from './engine.ts'

/**
 * Makes the database that a URL names unless it is there. MongoDB makes its databases itself, with their first document.
 * @throws StartupError DATABASE_UNREACHABLE when the server does not answer, or the database is missing and the account
 * may not make it
 */
export async function ensureDatabase(url: string): Promise<void> {
  const engine = databaseEngine(url)
  try {
    if (engine === 'postgres') await ensurePostgres(url)
    if (engine === 'mysql') await ensureMysql(url)
  } catch (error) {
    throw unreachable(url, error)
  }
}

export function unreachable(url: string, error: unknown): StartupError {
  return new StartupError(
    'DATABASE_UNREACHABLE',
    `The database ${databaseName(url)} cannot be reached: ${reasonOf(error)}.`,
    'Check that the server runs and that the URL names it, with an account that may use this database.',
    { cause: error },
  )
}

async function ensurePostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  try {
    await client.connect()
  } catch (error) {
    // 3D000: no such database.
    if (!(error instanceof pg.DatabaseError) || error.code !== '3D000') throw error
    await createDatabase(urlOfDatabase(url, 'postgres'), databaseName(url))
  } finally {
    await client.end()
  }
}

async function ensureMysql(url: string): Promise<void> {
  try {
    const connection = await connectMysql(url)
    await connection.end()
  } catch (error) {
    if (!isMysqlError(error, mysqlErrors.noSuchDatabase)) throw error
    await createMysqlDatabase(url)
  }
}
