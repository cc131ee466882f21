import { randomUUID } from 'node:crypto'
import type { Connection } from 'mariadb'
import { databaseName } from '../databases/engine.ts'
import type { Migration } from '../databases/migrations.ts'
import { reasonOf, StartupError } from '../errors.ts'
import { connectMysql } from './connect.ts'

/** As `prisma migrate deploy` makes it, which goes on from here where its native engine is. */
const table = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at DATETIME(3),
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at DATETIME(3),
  started_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  applied_steps_count INTEGER UNSIGNED NOT NULL DEFAULT 0
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`

/** Seconds that a process waits for another one that migrates the same database. */
const longestWait = 120

/**
 * Applies what is missing of a folder's migrations, one process at a time (Prisma's engine in WebAssembly knows no
 * MySQL). MySQL commits each statement of a schema by itself, so that a migration which fails or is cut off stands there
 * in part: it is run again from its start, which its statements have to bear (`CREATE TABLE IF NOT EXISTS`).
 * @returns names applied
 * @throws StartupError MIGRATION_FAILED; later ones are not tried
 */
export async function applyMysqlMigrations(
  url: string,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  const connection = await connectMysql(url, { multipleStatements: true })
  try {
    const lock = `prisma_migrate ${databaseName(url)}`.slice(0, 64)
    await connection.query('SELECT GET_LOCK(?, ?)', [lock, longestWait])
    await connection.query(table)
    // What was begun and not finished: its process is gone, since the lock is here.
    await connection.query(
      'UPDATE _prisma_migrations SET rolled_back_at = UTC_TIMESTAMP(3) WHERE finished_at IS NULL AND rolled_back_at IS NULL',
    )
    const rows = await connection.query<{ migration_name: string }[]>(
      'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    )
    const applied = new Set(rows.map((row) => row.migration_name))
    const pending = migrations.filter(({ name }) => !applied.has(name))
    for (const migration of pending) await applyOne(connection, migration, databaseName(url))
    return pending.map(({ name }) => name)
  } finally {
    // The lock goes with its session.
    await connection.end()
  }
}

async function applyOne(connection: Connection, migration: Migration, database: string): Promise<void> {
  const { name, sql, checksum } = migration
  const id = randomUUID()
  await connection.query(
    'INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3))',
    [id, checksum, name],
  )
  try {
    await connection.query(sql)
  } catch (error) {
    const reason = reasonOf(error)
    await connection.query('UPDATE _prisma_migrations SET logs = ? WHERE id = ?', [reason, id])
    throw new StartupError(
      'MIGRATION_FAILED',
      `Migration ${name} of ${database} failed: ${reason}`,
      'MySQL keeps the statements before the one that failed. Mend the migration; the next start runs all of it again.',
      { cause: error },
    )
  }
  await connection.query(
    'UPDATE _prisma_migrations SET finished_at = UTC_TIMESTAMP(3), applied_steps_count = 1 WHERE id = ?',
    [id],
  )
}
