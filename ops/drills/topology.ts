import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { inherited } from '../e2e/env.ts'
import { freePort } from '../e2e/platform.ts'
import type { Ground } from './ground.ts'
import { bundled, supervise } from './program.ts'

/** The platform's processes on a ground, each started again as soon as it ends. */
export interface Topology {
  /** The GraphQL endpoint. */
  readonly url: string
  /** Names of the processes. */
  readonly processes: readonly string[]
  /** SIGKILL; resolves when the process is gone. */
  kill(process: string): Promise<void>
  /** Resolves when every process is ready. @throws Error with the last output of one that is not */
  untilReady(): Promise<void>
  /** The last of what the processes wrote. */
  output(): string
  /** Makes a member an administrator; effective at the next sign-in. */
  grant(username: string): Promise<void>
  close(): Promise<void>
}

/** Gateway, subgraphs, relays and consumers in one process. */
export async function startStandalone(ground: Ground): Promise<Topology> {
  const port = await freePort()
  const environment = { ...ground.environment, PORT: String(port) }
  const origin = `http://127.0.0.1:${port}`
  const program = supervise({
    name: 'standalone',
    args: ['--enable-source-maps', bundled('standalone')],
    environment,
    async ready() {
      const response = await fetch(`${origin}/readyz`)
      if (!response.ok) throw new Error(await response.text())
    },
  })
  return {
    url: `${origin}/graphql`,
    processes: ['standalone'],
    kill: () => program.kill(),
    untilReady: () => program.untilReady(),
    output: () => program.output(),
    grant: (username) => grant(environment, username),
    close: async () => void (await program.stop()),
  }
}

export async function grant(environment: Readonly<Record<string, string>>, username: string): Promise<void> {
  await promisify(execFile)(process.execPath, [bundled('admin'), 'grant', username], {
    env: { ...inherited, ...environment },
  })
}
