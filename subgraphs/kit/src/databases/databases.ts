import { join } from 'node:path'
import { databaseVariable, type EnvSource } from '../env.ts'
import type { Log } from '../log.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/embedded.ts'
import { databaseEngine } from './engine.ts'
import { ensureDatabase } from './ensure.ts'
import { migrationsFolder } from './folders.ts'
import { applyMigrations } from './migrate.ts'
import { refuseHalfRestoredFolder } from './restoring.ts'

/** The database of what all services share: events, jobs, sessions, caches. `DATABASE_URL_PLATFORM` names its server. */
export const sharedDatabase = 'platform'

/** The databases of a process's services, wherever they are. */
export interface Databases {
  /** The built-in server; undefined when every service has a server of its own. */
  readonly embedded: EmbeddedPostgres | undefined
  /** Connection URL of a service's database, which exists; its scheme names the engine. */
  url(service: string): string
  /**
   * Applies the service's migrations for its engine (`prisma/<service>/`); one without any makes its tables itself.
   * @returns names applied
   */
  migrate(service: string): Promise<readonly string[]>
  /** Stops the built-in server, if this process started it. */
  stop(): Promise<void>
}

export interface DatabasesOptions {
  /** The services, and `sharedDatabase` where something shared is kept in PostgreSQL. */
  readonly services: readonly string[]
  /** `DATABASE_URL_<SERVICE>` names a service's own server; what has none is in the built-in one. */
  readonly env: EnvSource
  readonly dataDir: string
  readonly port?: number
  readonly log: Log
  /** Join the built-in server of another live process. */
  readonly join?: boolean
  /** Opens databases that are only half restored as well: who restores them. */
  readonly restoring?: boolean
}

/**
 * Finds or starts the servers and makes the databases of `services`, one each: those of the built-in server are named
 * for the service, those of other servers as their URL says, and made where they are missing and the account may. With
 * a URL for each service no server is started.
 * @throws StartupError as startEmbeddedPostgres does; BAD_ENVIRONMENT, DATABASE_UNREACHABLE, RESTORE_UNFINISHED
 */
export async function openDatabases(options: DatabasesOptions): Promise<Databases> {
  const given = new Map<string, string>()
  for (const service of options.services) {
    const url = options.env[databaseVariable(service)]
    if (url) given.set(service, url)
  }
  const { restoring = false } = options
  await Promise.all([...given.values()].map((url) => ensureDatabase(url, { restoring })))
  const builtIn = options.services.filter((service) => !given.has(service))
  if (builtIn.length > 0 && !restoring) refuseHalfRestoredFolder(options.dataDir)
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
  embedded?.keepRunning()
  const url = (service: string): string => {
    const found = given.get(service) ?? embedded?.url(service)
    if (found === undefined) throw new Error(`${service} has no database`)
    return found
  }
  return {
    embedded,
    url,
    async migrate(service) {
      const folder = await migrationsFolder(service, databaseEngine(url(service)))
      return folder === undefined ? [] : applyMigrations({ url: url(service), folder })
    },
    stop: async () => embedded?.stop(),
  }
}
