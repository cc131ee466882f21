import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ComposeEntry } from './compose.ts'

export type HealthCheck = NonNullable<ComposeEntry['healthcheck']>

export interface CheckedProcess {
  readonly root: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The program that an entry's word names: `node` is the present Node. */
export const programOf = (word: string): string => (word === 'node' ? process.execPath : word)

/**
 * Runs an entry's health check as Compose does, in the process's own environment.
 * @returns why the process is not healthy, or undefined
 */
export async function checkHealth(
  { test: [kind, program = '', ...args], timeout }: HealthCheck,
  { root, environment }: CheckedProcess,
): Promise<string | undefined> {
  if (kind !== 'CMD') throw new Error(`A health check is CMD and its words, not ${kind}`)
  const checking = spawn(programOf(program), args, {
    cwd: root,
    env: environment,
    timeout,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  checking.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const [exitCode] = (await once(checking, 'close')) as [number | null]
  return exitCode === 0 ? undefined : said.trim() || `the health check ended with ${exitCode}`
}
