import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { readIfThere } from '../files.ts'
import { silentLog } from '../log.ts'
import { clusterFolder } from '../postgres/cluster.ts'
import { startEmbeddedPostgres } from '../postgres/embedded.ts'
import { isAlive, readPostmaster, stopPostmaster } from '../postgres/postmaster.ts'
import { findEngines } from './find-engines.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the run's PostgreSQL server, database `postgres`. */
    'movieverse.postgres': string
    /** Variables of the engines that are up, by name. */
    'movieverse.engines': Readonly<Record<string, string>>
  }
}

const prefix = 'movieverse-test-'
/** Holds the pid of the run that a folder belongs to. */
const ownerFile = 'run.pid'

/**
 * One PostgreSQL server for a whole run of the tests, in a folder that goes with it.
 * @public called by vitest
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('movieverse.engines', await findEngines())
  await removeAbandoned()
  const dataDir = await mkdtemp(join(tmpdir(), prefix))
  await writeFile(join(dataDir, ownerFile), `${process.pid}`)
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false, log: silentLog })
  project.provide('movieverse.postgres', postgres.url('postgres'))
  return async () => {
    await postgres.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Servers of runs that were killed: nobody else would ever stop them. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue
    const dataDir = join(tmpdir(), name)
    const owner = Number(await readIfThere(join(dataDir, ownerFile)))
    if (!owner || isAlive(owner)) continue
    const postmaster = await readPostmaster(clusterFolder(dataDir))
    if (postmaster) await stopPostmaster(postmaster.pid)
    await rm(dataDir, { recursive: true, force: true })
  }
}
