import { basename } from 'node:path'
import pg from 'pg'
import { reasonOf, StartupError } from '../errors.ts'
import { connectMysql, isMysqlError, mysqlErrors } from '../mysql/connect.ts'
import { applyMysqlMigrations } from '../mysql/migrations.ts'
import { withClient } from '../postgres/client.ts'
import { databaseEngine, databaseName } from './engine.ts'
import { unreachable } from './ensure.ts'
import { type Migration, readMigrations } from './migrations.ts'

export interface MigrateOptions {
  readonly url: string
  /** Folder of Prisma migrations; absolute or from the repository's root. */
  readonly folder: string
  /** These alone: who restores a backup goes on from the tables of then. Default all. */
  readonly only?: readonly string[]
}

/** Where a database stands. */
export interface MigrationStatus {
  readonly applied: readonly string[]
  readonly pending: readonly string[]
  /** Begun and not finished: nothing further is applied until it is mended or marked. */
  readonly failed: readonly string[]
  /** In the database and not in the folder: a newer version was here. */
  readonly unknown: readonly string[]
  /** Applied, and its file changed since. */
  readonly edited: readonly string[]
}

interface AppliedRow {
  readonly migration_name: string
  readonly checksum: string
  readonly finished: boolean
}

/** Compares the folder with the database's `_prisma_migrations` by one statement, without Prisma's engine. */
export async function migrationStatus(options: MigrateOptions): Promise<MigrationStatus> {
  const [migrations, rows] = await Promise.all([chosenMigrations(options), appliedRows(options.url)])
  return compare(migrations, rows)
}

async function chosenMigrations({ url, folder, only }: MigrateOptions): Promise<readonly Migration[]> {
  const migrations = await readMigrations(folder)
  if (only === undefined) return migrations
  const unknown = only.filter((name) => migrations.every((migration) => migration.name !== name))
  if (unknown.length > 0) throw newerVersion(url, unknown)
  return migrations.filter(({ name }) => only.includes(name))
}

function compare(migrations: readonly Migration[], rows: readonly AppliedRow[]): MigrationStatus {
  const finished = new Map(
    rows.filter((row) => row.finished).map((row) => [row.migration_name, row.checksum]),
  )
  const known = new Set(migrations.map(({ name }) => name))
  return {
    applied: migrations.filter(({ name }) => finished.has(name)).map(({ name }) => name),
    pending: migrations.filter(({ name }) => !finished.has(name)).map(({ name }) => name),
    failed: rows.filter((row) => !row.finished).map((row) => row.migration_name),
    unknown: rows.map((row) => row.migration_name).filter((name) => !known.has(name)),
    edited: migrations
      .filter(({ name, checksum }) => finished.has(name) && finished.get(name) !== checksum)
      .map(({ name }) => name),
  }
}

/**
 * Brings a database to the end of its folder's migrations; with nothing to do one SELECT. One that fails is taken up
 * again at the next start. On PostgreSQL, by Prisma's engine, each is one implicit transaction (of a multi-statement
 * query, so a migration holds no CREATE INDEX CONCURRENTLY): one that fails leaves the schema as it was. For MySQL see
 * `applyMysqlMigrations`.
 * @returns names applied
 * @throws StartupError DATABASE_UNREACHABLE, DATA_VERSION, MIGRATION_FAILED
 */
export async function applyMigrations(options: MigrateOptions): Promise<readonly string[]> {
  const migrations = await chosenMigrations(options)
  const status = compare(migrations, await appliedRows(options.url))
  const service = databaseName(options.url)
  if (status.unknown.length > 0) {
    throw newerVersion(options.url, status.unknown)
  }
  if (status.edited.length > 0) {
    throw new StartupError(
      'MIGRATION_FAILED',
      `Migrations of ${service} were changed after they were applied: ${status.edited.join(', ')}.`,
      'Restore the files and put the change into a new migration (npm run migrate -- new NAME).',
    )
  }
  if (status.pending.length === 0) return []
  if (databaseEngine(options.url) === 'mysql') return await applyMysqlMigrations(options.url, migrations)
  const { createMigrationEngine } = await import('./migration-engine.ts')
  const engine = await createMigrationEngine(options.url)
  try {
    for (const name of status.failed) await engine.markRolledBack(name)
    return await engine.apply(options.folder, migrations)
  } catch (error) {
    throw await failed(options, error)
  } finally {
    await engine.close()
  }
}

function newerVersion(url: string, names: readonly string[]): StartupError {
  return new StartupError(
    'DATA_VERSION',
    `The database ${databaseName(url)} was migrated by a newer version (${names.join(', ')}).`,
    'Start the newer version, or another database.',
  )
}

async function failed(options: MigrateOptions, error: unknown): Promise<StartupError> {
  const { failed: names } = await migrationStatus(options)
  return new StartupError(
    'MIGRATION_FAILED',
    `Migration ${names[0] ?? ''} of ${databaseName(options.url)} (${basename(options.folder)}) failed and was rolled back: ${reasonOf(error)}`,
    'The schema is as it was before. Mend the migration or start the version before it.',
    { cause: error },
  )
}

const selectRows = `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
  FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`

async function appliedRows(url: string): Promise<readonly AppliedRow[]> {
  try {
    return databaseEngine(url) === 'mysql' ? await mysqlRows(url) : await postgresRows(url)
  } catch (error) {
    throw unreachable(url, error)
  }
}

async function postgresRows(url: string): Promise<readonly AppliedRow[]> {
  try {
    return await withClient(
      { connectionString: url },
      async (client) => (await client.query<AppliedRow>(selectRows)).rows,
    )
  } catch (error) {
    // 42P01: no such table, a database that was never migrated.
    if (error instanceof pg.DatabaseError && error.code === '42P01') return []
    throw error
  }
}

async function mysqlRows(url: string): Promise<readonly AppliedRow[]> {
  const connection = await connectMysql(url)
  try {
    const rows = await connection.query<(AppliedRow & { readonly finished: unknown })[]>(selectRows)
    return rows.map((row) => ({ ...row, finished: Boolean(row.finished) }))
  } catch (error) {
    if (isMysqlError(error, mysqlErrors.noSuchTable)) return []
    throw error
  } finally {
    await connection.end()
  }
}
