import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import type pg from 'pg'
import { inject } from 'vitest'
import { type DatabaseEngine, urlOfDatabase } from '../databases/engine.ts'
import { migrationsFolder } from '../databases/folders.ts'
import { applyMigrations } from '../databases/migrate.ts'
import { connectMysql, createMysqlDatabase } from '../mysql/connect.ts'
import { withClient } from '../postgres/client.ts'
import { engineAddress } from './engines.ts'

export type TestedService = 'auth' | 'users' | 'movies' | 'reviews' | 'metadata' | 'kit'
export type SqlEngine = Exclude<DatabaseEngine, 'mongodb'>

const mysqlServer = engineAddress('mariadb')

/** What tests of SQL run on: the run's own PostgreSQL, and MySQL where a server of it is up. */
export const sqlEngines: readonly SqlEngine[] = mysqlServer ? ['postgres', 'mysql'] : ['postgres']

/** A database of one test file (or test), on the run's own PostgreSQL server or on the MySQL server that is up. */
export interface TestDatabase {
  readonly url: string
  /** Drops it, whoever is still connected. */
  close(): Promise<void>
}

/** Makes an empty database with the service's migrations applied. */
export async function createTestDatabase(
  service: TestedService,
  engine: SqlEngine = 'postgres',
): Promise<TestDatabase> {
  const name = `test_${service}_${randomBytes(6).toString('hex')}`
  const folder = await migrationsFolder(service, engine)
  return engine === 'mysql'
    ? await createOnMysql(name, folder)
    : await createOnPostgres(service, name, folder)
}

async function createOnMysql(name: string, folder: string | undefined): Promise<TestDatabase> {
  if (mysqlServer === null) throw new Error('No server of MySQL is up')
  const url = urlOfDatabase(mysqlServer, name)
  await createMysqlDatabase(url)
  if (folder) await applyMigrations({ url, folder: resolve(folder) })
  return {
    url,
    async close() {
      const connection = await connectMysql(url)
      await connection.query(`DROP DATABASE ${name}`)
      await connection.end()
    },
  }
}

async function createOnPostgres(
  service: TestedService,
  name: string,
  folder: string | undefined,
): Promise<TestDatabase> {
  const server = inject('movieverse.postgres')
  await withClient({ connectionString: server }, async (client) => {
    const template = folder ? await ensureTemplate(client, { server, service, folder }) : 'template1'
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  })
  return {
    url: urlOfDatabase(server, name),
    async close() {
      await withClient({ connectionString: server }, (client) =>
        client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
      )
    },
  }
}

/** Applies the migrations once a run, whichever worker comes first; the others wait at the lock. */
async function ensureTemplate(
  client: pg.Client,
  { server, service, folder }: { server: string; service: string; folder: string },
): Promise<string> {
  const template = `template_${service}`
  await client.query('SELECT pg_advisory_lock(hashtext($1))', [template])
  const { rows } = await client.query<{ finished: boolean }>(
    'SELECT datistemplate AS finished FROM pg_database WHERE datname = $1',
    [template],
  )
  if (!rows[0]?.finished) {
    await client.query(`DROP DATABASE IF EXISTS ${template}`)
    await client.query(`CREATE DATABASE ${template}`)
    await applyMigrations({ url: urlOfDatabase(server, template), folder: resolve(folder) })
    await client.query(`ALTER DATABASE ${template} WITH IS_TEMPLATE true`)
  }
  await client.query('SELECT pg_advisory_unlock(hashtext($1))', [template])
  return template
}
