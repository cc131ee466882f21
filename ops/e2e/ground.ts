import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { urlOfDatabase } from '@movieverse/kit/databases/engine'
import { createDatabase } from '@movieverse/kit/postgres/embedded'
import { startKillablePostgres } from '@movieverse/kit/testing/killable-postgres'
import { createEngineSet } from '../engines/set.ts'
import { mountSmallDisk } from './small-disk.ts'

/** `embedded` stands on the built-in PostgreSQL, `engines` on real engines, each in its role. */
export type Profile = 'embedded' | 'engines'

/** The stores and brokers that a platform under test stands on: its own, so that they can be killed. */
export interface Ground {
  /** Everything on the disk. */
  readonly folder: string
  /** Where they are, and what else every process of the platform reads. */
  readonly environment: Readonly<Record<string, string>>
  /** Connection URL of a PostgreSQL database for what a test notes. */
  readonly notesUrl: string
  /** Their names. */
  readonly engines: readonly string[]
  /** SIGKILL; resolves when it is gone. One that keeps its data in memory is stopped (SIGSTOP) instead. */
  halt(engine: string): Promise<void>
  /** The folder of all that an engine keeps. */
  disk(engine: string): string
  /** Starts it again on its data, unless it runs; resolves when it answers. */
  resume(engine: string): Promise<void>
  /** Stops all of them and removes their data. */
  close(): Promise<void>
}

/** The engines of the services. */
const engines = ['postgres', 'mariadb', 'mongo', 'redis', 'kafka', 'rabbitmq'] as const
/** It speaks MongoDB's protocol and forgets all when it ends. */
const inMemory = 'mongo'
/** Where those that are not built in are, in the ground's folder. */
const engineFolder = 'engines'
const services = ['auth', 'users', 'movies', 'reviews', 'metadata', 'platform', 'notes']

export interface GroundOptions {
  /** What else every process of the platform reads. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** Megabytes, by the name of an engine that gets a small disk for all that it keeps. Asks for root. */
  readonly disks?: Readonly<Record<string, number>> | undefined
}

/** Opens a ground in a folder of its own. @throws Error as mountSmallDisk does */
export async function openGround(
  profile: Profile,
  { settings = {}, disks = {} }: GroundOptions = {},
): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-ground-'))
  const common = {
    DATA_DIR: join(folder, 'data'),
    SAMPLE: 'none',
    LOG_LEVEL: 'warn',
    AUTH_SECRET: randomBytes(32).toString('hex'),
    // A test is one address and few members, all of whom have much to say.
    AUTH_REGISTRATIONS_PER_ADDRESS: '100000',
    RATE_PER_ADDRESS: '0',
    RATE_PER_USER: '0',
    NGINX_RATE: '100000',
    NGINX_CONNECTIONS: '10000',
    ...settings,
  }
  const disk = (engine: string) => join(folder, profile === 'embedded' ? '' : engineFolder, engine)
  const unmounts: (() => Promise<void>)[] = []
  const clear = async () => {
    for (const unmount of unmounts) await unmount()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    for (const [engine, megabytes] of Object.entries(disks))
      unmounts.push(await mountSmallDisk(disk(engine), megabytes))
    const ground = profile === 'embedded' ? await builtIn(disk('postgres')) : await native(folder)
    return {
      ...ground,
      folder,
      disk,
      environment: { ...ground.environment, ...common },
      async close() {
        await ground.close()
        await clear()
      },
    }
  } catch (error) {
    await clear()
    throw error
  }
}

type Engines = Omit<Ground, 'folder' | 'disk'>

/** One built-in PostgreSQL, started here so that it outlives the platform's processes. */
async function builtIn(dataDir: string): Promise<Engines> {
  const server = await startKillablePostgres(dataDir)
  for (const service of services) await server.createDatabase(service)
  return {
    environment: databaseUrls(server.url),
    notesUrl: server.url('notes'),
    engines: ['postgres'],
    halt: server.kill,
    resume: server.start,
    close: server.stop,
  }
}

function databaseUrls(urlOf: (service: string) => string): Record<string, string> {
  return Object.fromEntries(
    services.map((service) => [`DATABASE_URL_${service.toUpperCase()}`, urlOf(service)]),
  )
}

/** A set of native engines of its own. */
async function native(folder: string): Promise<Engines> {
  const home = join(folder, engineFolder)
  const set = createEngineSet({ folder: home, basePort: await freePorts(), env: {}, say: () => undefined })
  try {
    await set.up(engines)
    const environment = parseEnv(await readFile(join(home, 'env'), 'utf8'))
    const notesUrl = urlOfDatabase(environment.DATABASE_URL_REVIEWS ?? '', 'notes')
    await createDatabase(urlOfDatabase(notesUrl, 'postgres'), 'notes')
    const signal = async (engine: string, name: NodeJS.Signals) => {
      for (const { pids } of await set.status([engine])) for (const pid of pids) process.kill(pid, name)
    }
    return {
      // What no service uses is not started.
      environment: { ...defined(environment), S3_ENDPOINT: '', OPENSEARCH_URL: '' },
      notesUrl,
      engines,
      halt: (engine) => (engine === inMemory ? signal(engine, 'SIGSTOP') : set.kill([engine])),
      resume: (engine) => (engine === inMemory ? signal(engine, 'SIGCONT') : set.up([engine])),
      close: () => set.down([]),
    }
  } catch (error) {
    await set.down([])
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
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return false
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return true
    throw error
  } finally {
    server.close()
  }
}
