import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@movieverse/kit/ports'
import { inherited } from './env.ts'

/** A running platform, or what is left of it. */
export interface Platform {
  readonly url: string
  readonly process: ChildProcess
  /** All that it printed so far, both streams. */
  output(): string
  /** Sends the signal to the program itself and waits for its end; answers the exit code, null after a signal. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: answers are whatever the test's query asked for
  data: any
  errors?: {
    message: string
    path?: (string | number)[]
    extensions: { code: string } & Record<string, unknown>
  }[]
}

const started = new Set<ChildProcess>()
const folders = new Set<string>()

export async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-e2e-'))
  folders.add(folder)
  return folder
}

/** Ends what a failed test has left running, and removes every folder. */
export async function cleanUp(): Promise<void> {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
}

/** Runs the bundled standalone program until it ends. */
export function launch(environment: Record<string, string>) {
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/standalone.js'], {
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.add(child)
  let printed = ''
  child.stdout.on('data', (chunk) => (printed += chunk))
  child.stderr.on('data', (chunk) => (printed += chunk))
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  return { child, ended, output: () => printed }
}

/** Starts a platform and waits until it has answered `/readyz`. */
export async function start(environment: Record<string, string> & { DATA_DIR: string }): Promise<Platform> {
  const port = environment.PORT ?? String(await freePort())
  const { child, ended, output } = launch({ ...environment, PORT: port })
  const origin = `http://127.0.0.1:${port}`
  const deadline = Date.now() + 240_000
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the platform ended:\n${output()}`)
    const ready = await fetch(`${origin}/readyz`).then(
      (response) => response.ok,
      () => false,
    )
    if (ready) break
    if (Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`the platform is not ready after 240 s:\n${output()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return {
    url: `${origin}/graphql`,
    process: child,
    output,
    stop: async (signal = 'SIGINT') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return ended
    },
  }
}

export async function ask(
  url: string,
  query: string,
  variables?: Record<string, unknown>,
  token?: string,
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(60_000),
  })
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) }
}

/** The text of a page's operation, as front ends send it. */
export const operation = (name: string) => readFileSync(`schema/operations/${name}.graphql`, 'utf8')

const REGISTER = /* GraphQL */ `
  mutation ($input: RegisterInput!) {
    register(input: $input) { session { accessToken refreshToken account { id username } } errors { code message field } }
  }
`

/** A new member of the platform, signed in. */
export async function register(
  url: string,
  username: string,
): Promise<{ id: string; token: string; refreshToken: string }> {
  const input = { email: `${username}@example.com`, username, password: 'correct horse battery staple' }
  const { data, errors } = await ask(url, REGISTER, { input })
  if (!data?.register.session) throw new Error(JSON.stringify({ data, errors }))
  const { accessToken, refreshToken, account } = data.register.session
  return { id: account.id, token: accessToken, refreshToken }
}
