import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { urlOfDatabase } from '@movieverse/kit/databases/engine'
import { databaseVariable } from '@movieverse/kit/env'
import { silentLog } from '@movieverse/kit/log'
import { createTestDatabase, type TestDatabase } from '@movieverse/kit/testing/database'
import { engineAddress } from '@movieverse/kit/testing/engines'
import { MongoClient } from 'mongodb'
import { backUp } from '../backup.ts'
import { storedServices } from '../places.ts'
import { restore } from '../restore.ts'

/** What a platform's stores are on. */
export interface Engines {
  readonly movies: 'postgres' | 'mysql'
  readonly metadata: 'postgres' | 'mongodb'
}

const [mysql, mongo] = [engineAddress('mariadb'), engineAddress('mongo')]

/** PostgreSQL for all, and each engine beside it that is up. */
export const combinations: readonly Engines[] = [
  { movies: 'postgres', metadata: 'postgres' },
  ...(mysql !== null && mongo !== null ? [{ movies: 'mysql', metadata: 'mongodb' } as const] : []),
]

/** Databases of a platform, empty and without tables, and a data folder. */
export interface Stores {
  readonly env: Readonly<Record<string, string>>
  readonly dataDir: string
  urlOf(service: string): string
  close(): Promise<void>
}

export async function openStoresOf(engines: Engines): Promise<Stores> {
  const dataDir = await mkdtemp(join(tmpdir(), 'movieverse-backup-'))
  const databases = new Map<string, TestDatabase>()
  for (const service of storedServices({})) databases.set(service, await databaseOf(service, engines))
  return {
    env: Object.fromEntries([...databases].map(([name, { url }]) => [databaseVariable(name), url])),
    dataDir,
    urlOf: (service) => databases.get(service)?.url ?? '',
    async close() {
      for (const database of databases.values()) await database.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function databaseOf(service: string, engines: Engines): Promise<TestDatabase> {
  if (service !== 'metadata' || engines.metadata !== 'mongodb') {
    return await createTestDatabase('kit', service === 'movies' ? engines.movies : 'postgres')
  }
  const url = urlOfDatabase(mongo ?? '', `test_backup_${randomBytes(6).toString('hex')}`)
  return {
    url,
    async close() {
      const client = new MongoClient(url)
      await client.db().dropDatabase()
      await client.close()
    },
  }
}

const quiet = { log: silentLog, say: () => undefined }

type Place = Pick<Stores, 'env' | 'dataDir'>

export const backUpStores = ({ env, dataDir }: Place, folder: string) =>
  backUp({ env, dataDir, folder, ...quiet })

export const restoreStores = (
  { env, dataDir }: Place,
  folder: string,
  { force = false, ledgers = [] as readonly string[] } = {},
) => restore({ env, dataDir, folder, force, ledgers, ...quiet })
