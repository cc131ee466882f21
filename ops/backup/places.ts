import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createPostgresBus } from '@movieverse/kit/bus/postgres'
import { type Databases, sharedDatabase } from '@movieverse/kit/databases/databases'
import { type DatabaseEngine, databaseEngine } from '@movieverse/kit/databases/engine'
import { migrationsFolder } from '@movieverse/kit/databases/folders'
import { applyMigrations, migrationStatus } from '@movieverse/kit/databases/migrate'
import { createPostgresJobs } from '@movieverse/kit/jobs/postgres'
import type { Log } from '@movieverse/kit/log'
import { openMetadataEngine } from '@movieverse/metadata/engine'
import { serviceNames } from '../standalone/subgraphs.ts'
import { mongoStore } from './stores/mongodb.ts'
import { mysqlStore } from './stores/mysql.ts'
import { postgresStore } from './stores/postgres.ts'
import type { StoreEngine } from './stores/store.ts'

/** One store of the platform. */
export interface Place {
  readonly name: string
  readonly url: string
  readonly kind: DatabaseEngine
  readonly engine: StoreEngine
  /** Tables that are not kept. */
  readonly leftOut: readonly string[]
}

const engines: Readonly<Record<DatabaseEngine, StoreEngine>> = {
  postgres: postgresStore,
  mysql: mysqlStore,
  mongodb: mongoStore,
}

/** Who relays and reads at the moment, and what servers note of themselves: true of no other time. */
const passing = [
  'outbox_lease',
  'leases',
  'public.outbox_lease',
  'bus.member',
  'jobs.bam',
  'jobs.instance',
  'jobs.queue_stats',
  'jobs.version',
  'jobs.warning',
]

/**
 * What a backup leaves out for what it is: sessions, which would otherwise live again after they were ended, so that
 * everybody signs in anew; and the keys that sign tokens, which are sealed by a secret that no backup holds. Auth makes
 * new ones at its start.
 */
const secret = ['kv.*', 'public.signing_keys']

/** Tables that a store which nobody has used yet has rows in. */
export const seeded = [
  ...passing,
  ...secret,
  'public.metadata_schema',
  'counters',
  'jobs.queue',
  'bus.progress',
]

/** Where a log's readers stand: read before anything else, so that nothing counts as read that no store shows. */
export const placesTable = 'bus.progress'

export function placesOf(databases: Databases, services: readonly string[]): readonly Place[] {
  return services.map((name) => {
    const url = databases.url(name)
    const kind = databaseEngine(url)
    return { name, url, kind, engine: engines[kind], leftOut: [...passing, ...secret] }
  })
}

/** The services, and what they share where a part of that is in PostgreSQL. */
export function storedServices(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const elsewhere = env.KAFKA_BROKERS && env.RABBITMQ_URL
  return elsewhere ? serviceNames : [...serviceNames, sharedDatabase]
}

/** @returns names of the migrations that made a store's tables */
export async function migrationsOf({ name, url, kind }: Place): Promise<string[]> {
  const folder = await migrationsFolder(name, kind)
  return folder === undefined ? [] : [...(await migrationStatus({ url, folder })).applied]
}

/**
 * Makes a store's tables as they were: by those migrations and no later ones, or by its owner.
 * @throws StartupError when a migration of then is unknown now
 */
export async function makeTables(
  { name, url, kind }: Place,
  migrations: readonly string[],
  log: Log,
): Promise<void> {
  const folder = await migrationsFolder(name, kind)
  if (folder !== undefined) {
    await applyMigrations({ url, folder, only: migrations })
  } else if (name === sharedDatabase) {
    const bus = await createPostgresBus({ url, log })
    await bus.close()
    const jobs = await createPostgresJobs({ url, log })
    await jobs.close()
  } else {
    const { store } = await openMetadataEngine(url, { log, restoring: true })
    await store.close()
  }
}

/** Files of the data folder that tell what was loaded: without them a start would load the sample once more. */
export async function keptFiles(dataDir: string): Promise<readonly string[]> {
  const loads = join(dataDir, 'loads')
  const ofLoads = existsSync(loads) ? await readdir(loads) : []
  return ['sample-loaded', ...ofLoads.sort().map((name) => join('loads', name))].filter((file) =>
    existsSync(join(dataDir, file)),
  )
}
