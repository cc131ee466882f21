import type { EventBus } from './bus/bus.ts'
import { createPostgresBus } from './bus/postgres.ts'
import {
  type Databases,
  type DatabasesOptions,
  openDatabases,
  sharedDatabase,
} from './databases/databases.ts'
import type { JobQueue } from './jobs/jobs.ts'
import { createPostgresJobs } from './jobs/postgres.ts'
import type { KeyValue } from './kv/kv.ts'
import { createPostgresKeyValue } from './kv/postgres.ts'

/** What the services of a process stand on. */
export interface Platform {
  readonly databases: Databases
  readonly bus: EventBus
  readonly jobs: JobQueue
  /** Durable, never cached in the process. */
  readonly sessions: KeyValue
  /** May be lost. */
  readonly cache: KeyValue
  /** Closes all of it, the built-in server last. */
  close(): Promise<void>
}

/**
 * Opens the platform of the embedded profile: PostgreSQL (built in, or named by the environment) carries every role.
 * @throws StartupError as openDatabases does; what was opened by then is closed again
 */
export async function openPlatform(options: DatabasesOptions): Promise<Platform> {
  const { log, services } = options
  const databases = await openDatabases({ ...options, services: [...services, sharedDatabase] })
  const open: { close(): Promise<void> }[] = []
  const opened = async <Part extends { close(): Promise<void> }>(part: Promise<Part>): Promise<Part> => {
    const made = await part
    open.push(made)
    return made
  }
  const close = async () => {
    for (const part of open.reverse()) await part.close()
    await databases.stop()
  }
  try {
    const url = databases.url(sharedDatabase)
    const [bus, jobs, sessions, cache] = await Promise.all([
      opened(createPostgresBus({ url, log })),
      opened(createPostgresJobs({ url, log })),
      opened(createPostgresKeyValue({ url, log, durable: true })),
      opened(createPostgresKeyValue({ url, log, durable: false })),
    ])
    return { databases, bus, jobs, sessions, cache, close }
  } catch (error) {
    await close()
    throw error
  }
}
