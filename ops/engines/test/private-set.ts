import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processEnv } from '@movieverse/kit/env'

/** How a command of a set ended. */
export interface Outcome {
  readonly code: number | null
  readonly output: string
}

/** A set of a test's own: folder, ports, and the command as a person types it. */
export interface PrivateSet {
  readonly folder: string
  readonly basePort: number
  run(args: readonly string[], extra?: Readonly<Record<string, string>>): Promise<Outcome>
  /** The command as a process that can be killed; it heads a process group of its own. */
  begin(args: readonly string[]): ChildProcess
  /** What `up` wrote for the services. */
  variables(): Promise<Readonly<Record<string, string>>>
  /** Processes that work in the set's folder, whoever started them. */
  pids(): readonly number[]
  remove(): Promise<void>
}

export async function createPrivateSet(): Promise<PrivateSet> {
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-engines-'))
  const basePort = await freeRange(20)
  const start = (args: readonly string[], extra: Readonly<Record<string, string>> = {}) =>
    spawn(process.execPath, ['ops/engines/index.ts', ...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: processEnv.PATH,
        HOME: processEnv.HOME,
        XDG_CACHE_HOME: processEnv.XDG_CACHE_HOME,
        ENGINES_DIR: folder,
        ENGINES_PORT: `${basePort}`,
        ...extra,
      },
    })

  async function run(args: readonly string[], extra?: Readonly<Record<string, string>>): Promise<Outcome> {
    const child = start(args, extra)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
    const [code] = await once(child, 'close')
    return { code, output }
  }

  return {
    folder,
    basePort,
    run,
    begin: (args) => start(args),
    async variables() {
      const lines = (await readFile(join(folder, 'env'), 'utf8')).split('\n').filter(Boolean)
      return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s)))
    },
    pids: () => processesIn(folder),
    async remove() {
      await run(['reset'])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function processesIn(folder: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => worksIn(pid, folder)).map(Number)
}

/** Epmd and other daemons leave their folder, but their environment keeps its name. */
function worksIn(pid: string, folder: string): boolean {
  try {
    const told = readFileSync(`/proc/${pid}/environ`, 'utf8') + readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return (
      Number(pid) !== process.pid &&
      (readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) || told.includes(folder))
    )
  } catch (error) {
    // It has ended in the meantime, or it is the kernel's.
    if (error instanceof Error && 'code' in error && /ENOENT|ESRCH|EACCES/.test(String(error.code)))
      return false
    throw error
  }
}

/** The first of so many ports of the loopback that nobody listens on now. */
async function freeRange(length: number): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    const ports = Array.from({ length }, (_, distance) => first + distance)
    const free = await Promise.all(ports.map(isFree))
    if (!free.includes(false)) return first
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => {
      const { port: bound } = server.address() as AddressInfo
      server.close(() => resolve(bound === port))
    })
  })
}
