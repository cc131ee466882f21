import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'
import { applyMigrations } from '../databases/migrate.ts'
import './global-setup.ts'

export type TestedService = 'auth' | 'users' | 'movies' | 'reviews' | 'metadata' | 'kit'

/** Where a service's migrations lie, from the repository's root; services that make their own tables have none. */
const migrationFolders: Partial<Record<TestedService, string>> = {
  auth: 'prisma/auth/migrations',
  users: 'prisma/users/migrations',
  movies: 'prisma/movies/databases/migrations',
  reviews: 'prisma/reviews/migrations',
}

/** A database of one test file (or test), on the run's own PostgreSQL server. */
export interface TestDatabase {
  readonly url: string
  /** Drops it, whoever is still connected. */
  close(): Promise<void>
}

/** Makes an empty database with the service's migrations applied. */
export async function createTestDatabase(service: TestedService): Promise<TestDatabase> {
  const server = inject('movieverse.postgres')
  const name = `test_${service}_${randomBytes(6).toString('hex')}`
  await withClient(server, async (client) => {
    const folder = migrationFolders[service]
    const template = folder ? await ensureTemplate(client, server, service, folder) : 'template1'
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  })
  return {
    url: databaseUrl(server, name),
    close: () => withClient(server, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  }
}

/** Applies the migrations once a run, whichever worker comes first; the others wait at the lock. */
async function ensureTemplate(
  client: pg.Client,
  server: string,
  service: TestedService,
  folder: string,
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
    await applyMigrations({ url: databaseUrl(server, template), folder: resolve(folder) })
    await client.query(`ALTER DATABASE ${template} WITH IS_TEMPLATE true`)
  }
  await client.query('SELECT pg_advisory_unlock(hashtext($1))', [template])
  return template
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

async function withClient(url: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}
