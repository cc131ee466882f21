import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { silentLog } from '../log.ts'
import { startEmbeddedPostgres } from '../postgres/embedded.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the run's PostgreSQL server, database `postgres`. */
    'movieverse.postgres': string
  }
}

/** One PostgreSQL server for a whole run of the tests, in a folder that goes with it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'movieverse-test-'))
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false, log: silentLog })
  project.provide('movieverse.postgres', postgres.url('postgres'))
  return async () => {
    await postgres.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
