import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { silentLog } from '../log.ts'
import { clusterFolder } from '../postgres/cluster.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/embedded.ts'
import { readPostmaster } from '../postgres/postmaster.ts'

/** The built-in PostgreSQL as a server of a test's own. Its address stays what it is. */
export interface KillablePostgres extends Pick<EmbeddedPostgres, 'url' | 'createDatabase' | 'stop'> {
  /** SIGKILL; resolves when it is gone. @throws Error when it does not run */
  kill(): Promise<void>
  /** Again, with what it had, unless it runs; resolves when it answers. */
  start(): Promise<void>
}

/** Milliseconds for which a start is tried again. */
const patience = 15_000

/** Starts a server in a folder, which stays the caller's. */
export async function startKillablePostgres(dataDir: string): Promise<KillablePostgres> {
  let server = await startEmbeddedPostgres({ dataDir, log: silentLog })
  const { url, createDatabase, port } = server
  const folder = clusterFolder(dataDir)
  return {
    url,
    createDatabase,
    async kill() {
      const postmaster = await readPostmaster(folder)
      if (!postmaster) throw new Error('PostgreSQL is not running')
      // Its children would go on answering for a moment; while it stands still it makes no new ones.
      process.kill(postmaster.pid, 'SIGSTOP')
      await promisify(execFile)('pkill', ['-KILL', '-P', `${postmaster.pid}`])
      process.kill(postmaster.pid, 'SIGKILL')
      while (await readPostmaster(folder)) await delay(20)
    },
    async start() {
      if (await readPostmaster(folder)) return
      // Its port may be a passing connection's for a moment.
      for (const deadline = performance.now() + patience; ; await delay(200)) {
        try {
          server = await startEmbeddedPostgres({ dataDir, port, log: silentLog })
          return
        } catch (error) {
          if (performance.now() > deadline) throw error
        }
      }
    },
    stop: () => server.stop(),
  }
}
