import { join } from 'node:path'
import { databaseVariable, type EnvSource } from '../env.ts'
import type { Log } from '../log.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/embedded.ts'
import { applyMigrations } from './migrate.ts'

/** The database of what all services share: events, jobs, sessions, caches. `DATABASE_URL_PLATFORM` names its server. */
export const sharedDatabase = 'platform'

/** The databases of a process's services, wherever they are. */
export interface Databases {
  /** The built-in server; undefined when every service has a server of its own. */
  readonly embedded: EmbeddedPostgres | undefined
  /** Connection URL of a service's database, which exists. */
  url(service: string): string
  /** Applies `prisma/<service>/migrations` (movies: those of its PostgreSQL twin). @returns names applied */
  migrate(service: string): Promise<readonly string[]>
  /** Stops the built-in server, if this process started it. */
  stop(): Promise<void>
}

export interface DatabasesOptions {
  readonly services: readonly string[]
  /** `DATABASE_URL_<SERVICE>` names a service's own server; what has none is in the built-in one. */
  readonly env: EnvSource
  readonly dataDir: string
  readonly port?: number
  readonly log: Log
  /** Join the built-in server of another live process. */
  readonly join?: boolean
}

/**
 * Finds or starts the servers and makes the databases of `services`, one each, named for the service.
 * @throws StartupError as startEmbeddedPostgres does
 */
export async function openDatabases(options: DatabasesOptions): Promise<Databases> {
  const given = new Map<string, string>()
  for (const service of options.services) {
    const url = options.env[databaseVariable(service)]
    if (url) given.set(service, url)
  }
  const builtIn = options.services.filter((service) => !given.has(service))
  const embedded =
    builtIn.length > 0
      ? await startEmbeddedPostgres({
          dataDir: join(options.dataDir, 'postgres'),
          port: options.port,
          log: options.log,
          join: options.join,
        })
      : undefined
  for (const service of builtIn) await embedded?.createDatabase(service)
  const url = (service: string): string => {
    const found = given.get(service) ?? embedded?.url(service)
    if (found === undefined) throw new Error(`${service} has no database`)
    return found
  }
  return {
    embedded,
    url,
    migrate: (service) => applyMigrations({ url: url(service), folder: migrationsFolder(service) }),
    stop: async () => embedded?.stop(),
  }
}

/** Where a service's migrations for PostgreSQL lie, from the repository's root. A service without any has no folder. */
export function migrationsFolder(service: string): string {
  // Written for MySQL, films have a generated twin with migrations of its own.
  return service === 'movies' ? 'prisma/movies/databases/migrations' : `prisma/${service}/migrations`
}
