import { databaseEngine } from '@movieverse/kit/databases/engine'
import { halfRestored, restoringMark } from '@movieverse/kit/databases/restoring'
import { StartupError } from '@movieverse/kit/errors'
import type { Log } from '@movieverse/kit/log'
import { patience } from '@movieverse/kit/postgres/patience'
import { openPool } from '@movieverse/kit/postgres/pool'
import { plannedOnce } from '@movieverse/kit/postgres/prepared'
import { MongoClient, type MongoClientOptions } from 'mongodb'
import { openMongoStore } from './store.mongodb.ts'
import { openPostgresStore } from './store.postgres.ts'
import type { MetadataEngine } from './store.ts'

export interface EngineSettings {
  readonly log: Log
  /** Connections at most; default 5. MongoDB's change streams take theirs beside. */
  readonly connections?: number
  /** Opens a store that is only half restored as well: who restores it. */
  readonly restoring?: boolean
}

/** What is written is on most members of the replica set before it is acknowledged or read. */
export const mongoOptions: MongoClientOptions = {
  appName: 'metadata',
  writeConcern: { w: 'majority' },
  readConcern: { level: 'majority' },
  ignoreUndefined: true,
  // A server that hangs is taken for gone after five seconds, not after three quarters of a minute.
  heartbeatFrequencyMS: 2000,
  connectTimeoutMS: 3000,
  serverSelectionTimeoutMS: 5000,
}

async function isHalfRestored(client: MongoClient): Promise<boolean> {
  const collections = await client.db().listCollections({}, { nameOnly: true }).toArray()
  return collections.some(({ name }) => name === restoringMark)
}

/** Change streams that a relay keeps open. */
const streams = 5

/**
 * Opens the store that a URL names by its scheme, MongoDB or PostgreSQL.
 * @throws StartupError BAD_ENVIRONMENT for another engine, DATA_VERSION, RESTORE_UNFINISHED; the server's error
 */
export async function openMetadataEngine(
  url: string,
  { log, connections = 5, restoring = false }: EngineSettings,
): Promise<MetadataEngine> {
  const engine = databaseEngine(url)
  if (engine === 'mongodb') {
    const client = new MongoClient(url, { ...mongoOptions, maxPoolSize: connections + streams })
    if (!restoring && (await isHalfRestored(client))) {
      await client.close()
      throw halfRestored('The database of metadata')
    }
    return openMongoStore({ client, log })
  }
  if (engine === 'postgres') {
    const pool = openPool(
      { connectionString: url, max: connections, ...patience, options: plannedOnce },
      (error) => log.warn({ err: error }, 'an idle connection to the metadata database broke'),
    )
    return openPostgresStore({ pool, log })
  }
  throw new StartupError(
    'BAD_ENVIRONMENT',
    `metadata cannot be kept in a database of ${engine}.`,
    'Set DATABASE_URL_METADATA to a URL of MongoDB or PostgreSQL, or to none for the built-in PostgreSQL.',
  )
}
