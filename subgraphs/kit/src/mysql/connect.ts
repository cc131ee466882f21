import { type Connection, type ConnectionConfig, createConnection, type PoolConfig, SqlError } from 'mariadb'
import { databaseName } from '../databases/engine.ts'

/** Numbers of MySQL's and MariaDB's errors that are told apart. */
export const mysqlErrors = { noSuchDatabase: 1049, noSuchTable: 1146 } as const

export function isMysqlError(error: unknown, number: number): boolean {
  return error instanceof SqlError && error.errno === number
}

/**
 * What each session begins with, so that statements mean what they mean in PostgreSQL: a statement sees what is committed
 * when it begins, and locks no gaps between rows; times are UTC; a value that does not fit is refused, never cut; a lock
 * is waited for no longer than a request may take.
 */
const session = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'`,
  'SET innodb_lock_wait_timeout = 10',
]

function connectionConfig(url: string): ConnectionConfig {
  const { hostname, port, username, password, searchParams } = new URL(url)
  return {
    host: decodeURIComponent(hostname).replace(/^\[|\]$/g, ''),
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: databaseName(url),
    // `?ssl=true`: by certificates that the system trusts.
    ...(searchParams.get('ssl') === 'true' ? { ssl: true } : {}),
    // Text is compared byte by byte, as the columns are.
    collation: 'UTF8MB4_BIN',
    connectTimeout: 10_000,
    timezone: 'Z',
    initSql: session,
  }
}

/** One connection. `multipleStatements`: scripts, where no values are put in. */
export function connectMysql(url: string, options: ConnectionConfig = {}): Promise<Connection> {
  return createConnection({ ...connectionConfig(url), ...options })
}

/** Settings of a pool that opens connections as they are needed. */
export function mysqlPool(url: string, connections: number): PoolConfig {
  return {
    ...connectionConfig(url),
    connectionLimit: connections,
    minimumIdle: 1,
    // The pool says only then that nobody listens: well within the time that a request may take.
    acquireTimeout: 5000,
    // Statements that come again are not parsed anew.
    prepareCacheLength: 200,
  }
}

/** Makes the database that a URL names unless it is there: any character of Unicode, compared byte by byte. */
export async function createMysqlDatabase(url: string): Promise<void> {
  const connection = await connectMysql(url, { database: undefined })
  try {
    const name = databaseName(url).replaceAll('`', '``')
    await connection.query(
      `CREATE DATABASE IF NOT EXISTS \`${name}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
    )
  } finally {
    await connection.end()
  }
}
