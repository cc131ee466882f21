import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import { silentLog } from '@movieverse/kit/log'
import { clusterFolder } from '@movieverse/kit/postgres/cluster'
import {
  createDatabase,
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '@movieverse/kit/postgres/embedded'
import { readPostmaster } from '@movieverse/kit/postgres/postmaster'
import { inherited } from '../e2e/env.ts'
import { freePort } from '../e2e/platform.ts'
import type { DrillOptions } from './drill.ts'

/** The stores and brokers that a drill's platform stands on: its own, so that they can be killed. */
export interface Ground {
  /** Everything of the drill on the disk. */
  readonly folder: string
  /** Where they are, and what else every process of the platform reads. */
  readonly environment: Readonly<Record<string, string>>
  /** Connection URL of a PostgreSQL database for what the drill notes. */
  readonly notesUrl: string
  /** Their names. */
  readonly engines: readonly string[]
  /** SIGKILL; resolves when it is gone. */
  kill(engine: string): Promise<void>
  /** Starts a killed one on its data; resolves when it answers. */
  start(engine: string): Promise<void>
  /** Stops all of them and removes their data. */
  close(): Promise<void>
}

/** The engines of the services. */
const engines = ['postgres', 'mariadb', 'mongo', 'redis', 'kafka', 'rabbitmq'] as const
const services = ['auth', 'users', 'movies', 'reviews', 'metadata', 'platform', 'notes']

/** Opens a ground in a folder of its own. */
export async function openGround(profile: DrillOptions['profile']): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-drill-'))
  const common = {
    DATA_DIR: join(folder, 'data'),
    SAMPLE: 'none',
    LOG_LEVEL: 'warn',
    AUTH_SECRET: randomBytes(32).toString('hex'),
    // A drill is one address and few members, all of whom have much to say.
    AUTH_REGISTRATIONS_PER_ADDRESS: '100000',
    RATE_PER_ADDRESS: '0',
    RATE_PER_USER: '0',
  }
  const ground = profile === 'embedded' ? await builtIn(folder) : await native(folder)
  return {
    ...ground,
    folder,
    environment: { ...ground.environment, ...common },
    async close() {
      await ground.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** One built-in PostgreSQL, started by the drill so that it outlives the platform's processes. */
async function builtIn(folder: string): Promise<Omit<Ground, 'folder'>> {
  const dataDir = join(folder, 'postgres')
  const port = await freePort()
  const open = () => startEmbeddedPostgres({ dataDir, port, log: silentLog })
  let server: EmbeddedPostgres = await open()
  for (const service of services) await server.createDatabase(service)
  return {
    environment: databaseUrls(server.url),
    notesUrl: server.url('notes'),
    engines: ['postgres'],
    async kill() {
      const postmaster = await readPostmaster(clusterFolder(dataDir))
      if (!postmaster) throw new Error('PostgreSQL is not running')
      process.kill(postmaster.pid, 'SIGKILL')
      await gone(postmaster.pid)
    },
    async start() {
      server = await open()
    },
    close: () => server.stop(),
  }
}

function databaseUrls(urlOf: (service: string) => string): Record<string, string> {
  return Object.fromEntries(
    services.map((service) => [`DATABASE_URL_${service.toUpperCase()}`, urlOf(service)]),
  )
}

/** A set of native engines of its own. */
async function native(folder: string): Promise<Omit<Ground, 'folder'>> {
  const settings = { ENGINES_DIR: join(folder, 'engines'), ENGINES_PORT: String(await freePorts()) }
  const command = async (...args: string[]) => {
    const env = { ...inherited, ...settings }
    await promisify(execFile)(process.execPath, [join(dirname(process.argv[1] ?? ''), 'engines.js'), ...args], { env })
  }
  try {
    await command('up', ...engines)
    const environment = parseEnv(await readFile(join(settings.ENGINES_DIR, 'env'), 'utf8'))
    const notes = new URL(environment.DATABASE_URL_REVIEWS ?? '')
    notes.pathname = '/notes'
    const server = new URL(notes)
    server.pathname = '/postgres'
    await createDatabase(server.href, 'notes')
    return {
      environment: { ...defined(environment), ...settings },
      notesUrl: notes.href,
      engines,
      kill: (engine) => command('kill', engine),
      start: (engine) => command('up', engine),
      close: () => command('down'),
    }
  } catch (error) {
    await command('down')
    throw error
  }
}

function defined(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])),
  )
}

/** The first of a hundred ports of which the first thirty are free, below those that systems hand out by themselves. */
export async function freePorts(): Promise<number> {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 90) * 100
    const taken = await Promise.all(Array.from({ length: 30 }, (_, index) => isTaken(base + index)))
    if (!taken.includes(true)) return base
  }
}

async function isTaken(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  const [outcome] = await Promise.race([once(server, 'listening'), once(server, 'error')])
  server.close()
  return outcome instanceof Error
}

async function gone(pid: number): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return
      throw error
    }
    if (Date.now() > deadline) throw new Error(`${pid} lives on after SIGKILL`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
