import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartupError } from '../errors.ts'
import type { DatabaseEngine } from './engine.ts'

/** How Prisma calls the engines in schemas and locks of migrations. */
export const prismaProviders: Readonly<Record<DatabaseEngine, string>> = {
  postgres: 'postgresql',
  mysql: 'mysql',
  mongodb: 'mongodb',
}

/**
 * Where a service's migrations for an engine lie, from the repository's root: in `prisma/<service>/<engine>/migrations`,
 * or in `prisma/<service>/migrations` where its lock names the engine. Undefined for a service that has no schema there.
 * @throws StartupError BAD_ENVIRONMENT when its schema is for other engines
 */
export async function migrationsFolder(service: string, engine: DatabaseEngine): Promise<string | undefined> {
  const own = join('prisma', service)
  if (!existsSync(own)) return undefined
  for (const folder of [join(own, engine, 'migrations'), join(own, 'migrations')]) {
    const lock = join(folder, 'migration_lock.toml')
    if (!existsSync(lock)) continue
    if ((await readFile(lock, 'utf8')).includes(`provider = "${prismaProviders[engine]}"`)) return folder
  }
  throw new StartupError(
    'BAD_ENVIRONMENT',
    `${service} cannot be kept in a database of ${engine}: it has no migrations for it.`,
    'Name a database of another engine, or none for the built-in PostgreSQL.',
  )
}
