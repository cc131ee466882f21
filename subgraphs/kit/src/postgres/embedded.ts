import { platform } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { StartupError } from '../errors.ts'
import { readIfThere } from '../files.ts'
import type { Log } from '../log.ts'
import { checkPort, freePort } from '../ports.ts'
import { findBinaries } from './binaries.ts'
import { connectClient, withClient } from './client.ts'
import { type ClusterFolder, clusterFolder, prepareCluster, startupError } from './cluster.ts'
import { keepRunning } from './keep-running.ts'
import { isAlive, launch, type Postmaster, readPostmaster, runsWith, stopPostmaster } from './postmaster.ts'
import { withStartLock } from './start-lock.ts'

/** A running PostgreSQL server of the platform's own, on the loopback interface. */
export interface EmbeddedPostgres {
  readonly port: number
  /** `owner`: stop() ends the server. `guest`: another live process owns it. */
  readonly role: 'owner' | 'guest'
  /** Connection URL of a database, with the password of this data folder. */
  url(database: string): string
  /** Makes the database unless it is there. @returns whether it was made */
  createDatabase(name: string): Promise<boolean>
  /** From now on the owner starts the server again, at the same address, when it ends without being asked to. */
  keepRunning(): void
  /** Owner: fast shutdown, all on disk when it resolves. Guest: lets go of it. */
  stop(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  readonly dataDir: string
  /** Default: a free one. */
  readonly port?: number
  readonly log: Log
  /** Join a server that another live process owns, instead of refusing. Default false. */
  readonly join?: boolean
  /** False only for tests: no fsync, so a crash of the machine loses data. Default true. */
  readonly durable?: boolean
  /** Default 100 MB. */
  readonly minimumFreeBytes?: number
}

/** Session lock that the owner holds on the server as long as it lives; whoever gets it owns an orphaned server. */
const ownerLock = 7_309_402_118_553_012n

const memorySettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_permissions: '0700',
  shared_buffers: '64MB',
  max_connections: '100',
  work_mem: '8MB',
  maintenance_work_mem: '48MB',
  effective_cache_size: '1GB',
  random_page_cost: '1.1',
  max_wal_size: '512MB',
  min_wal_size: '64MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  autovacuum_max_workers: '2',
  io_workers: '2',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
}
const durableSettings = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }
const fastSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

/**
 * Starts the built-in PostgreSQL in a data folder, made at the first start. A server that outlived its killed owner is
 * taken over, or started anew when its settings are others; a killed server recovers by its write-ahead log.
 * @throws StartupError DATA_DIR_NOT_WRITABLE, DISK_FULL, DATA_VERSION, DATA_DIR_IN_USE, PORT_TAKEN, START_FAILED
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = clusterFolder(resolve(options.dataDir))
  try {
    return await withStartLock(folder.root, () => startIn(folder, options))
  } catch (error) {
    throw startupError(error, folder.root)
  }
}

/** Bytes of a Unix socket's path at most (sun_path on Linux; 104 on macOS). */
const longestSocketPath = 103

function settingsOf(
  folder: ClusterFolder,
  { durable = true }: EmbeddedPostgresOptions,
): Readonly<Record<string, string>> {
  const socket = join(folder.cluster, '.s.PGSQL.65535')
  const fits = platform() !== 'win32' && Buffer.byteLength(socket) <= longestSocketPath
  return {
    ...memorySettings,
    // A statement costs a third less than over TCP. In the cluster's folder none but its account may enter.
    unix_socket_directories: fits ? folder.cluster : '',
    ...(durable ? durableSettings : fastSettings),
  }
}

async function startIn(folder: ClusterFolder, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const running = await readPostmaster(folder)
  if (running) {
    const joined = await joinOrTakeOver(folder, running, options)
    if (joined) return joined
  }
  const port = options.port || (await freePort())
  const owned = await launchOwned(folder, { ...options, port })
  if (!owned) throw inUse(folder)
  return ownedServer(folder, { ...options, port }, owned)
}

/** A server and the session by which this process is its owner. */
interface Owned {
  readonly postmaster: Postmaster
  readonly password: string
  readonly lock: pg.Client
}

/** @returns undefined when another process has become the owner in the meantime */
async function launchOwned(
  folder: ClusterFolder,
  options: EmbeddedPostgresOptions & { readonly port: number },
): Promise<Owned | undefined> {
  const { port, log } = options
  const binaries = await findBinaries()
  const { password, launcher } = await prepareCluster(folder, {
    binaries,
    durable: options.durable ?? true,
    minimumFreeBytes: options.minimumFreeBytes ?? 100_000_000,
  })
  await checkPort(port)
  const postmaster = await launch(folder, { binaries, launcher, port, settings: settingsOf(folder, options) })
  const lock = await ownerSession(postmaster, password, log)
  log.info({ port, pid: postmaster.pid }, 'PostgreSQL is up')
  return lock && { postmaster, password, lock }
}

/** @returns the server of a live owner, or one that lost its owner; undefined when it had to be stopped */
async function joinOrTakeOver(
  folder: ClusterFolder,
  running: Postmaster,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres | undefined> {
  const password = (await readIfThere(folder.password))?.trim() ?? ''
  const postmaster = await untilReady(folder, running)
  const lock = postmaster && (await tryOwnerSession(postmaster, password, options.log))
  if (postmaster && lock === 'taken') {
    if (!options.join) throw inUse(folder)
    return {
      ...addressOf(postmaster, password),
      role: 'guest',
      keepRunning: () => undefined,
      stop: async () => undefined,
    }
  }
  if (lock instanceof pg.Client) {
    const fits = !options.port || options.port === running.port
    if (fits && postmaster && (await runsWith(folder, settingsOf(folder, options)))) {
      options.log.warn({ pid: running.pid }, 'a PostgreSQL server outlived its owner; it has a new one')
      const { port } = running
      return ownedServer(folder, { ...options, port }, { postmaster, password, lock })
    }
    await lock.end()
  }
  options.log.warn({ pid: running.pid }, 'a PostgreSQL server outlived its owner; it is started anew')
  await stopPostmaster(running.pid)
  return undefined
}

/** @returns undefined when the server does not answer: it is going down, or hangs */
async function tryOwnerSession(
  postmaster: Postmaster,
  password: string,
  log: Log,
): Promise<pg.Client | 'taken' | undefined> {
  try {
    return (await ownerSession(postmaster, password, log)) ?? 'taken'
  } catch (error) {
    log.warn({ err: error }, 'a PostgreSQL server holds the data folder and does not answer')
    return undefined
  }
}

/** A server found while it starts or recovers is given a while; undefined: it ends or hangs. */
async function untilReady(folder: ClusterFolder, first: Postmaster): Promise<Postmaster | undefined> {
  const deadline = Date.now() + 10_000
  let postmaster: Postmaster | undefined = first
  while (postmaster && !postmaster.ready && Date.now() < deadline) {
    await delay(50)
    postmaster = await readPostmaster(folder)
  }
  return postmaster?.ready ? postmaster : undefined
}

/** @returns the session that holds the owner's lock, or undefined when another process has it */
async function ownerSession(
  postmaster: Postmaster,
  password: string,
  log: Log,
): Promise<pg.Client | undefined> {
  const client = await connectClient(
    { connectionString: connectionUrl(postmaster, password, 'postgres') },
    (error) => log.debug({ err: error }, 'the owner’s session with PostgreSQL ended'),
  )
  const { rows } = await client.query<{ owned: boolean }>('SELECT pg_try_advisory_lock($1) AS owned', [
    ownerLock.toString(),
  ])
  if (rows[0]?.owned) return client
  await client.end()
  return undefined
}

function addressOf(postmaster: Postmaster, password: string) {
  const url = (database: string): string => connectionUrl(postmaster, password, database)
  return {
    port: postmaster.port,
    url,
    createDatabase: (name: string) => createDatabase(url('postgres'), name),
  }
}

function ownedServer(
  folder: ClusterFolder,
  options: EmbeddedPostgresOptions & { readonly port: number },
  first: Owned,
): EmbeddedPostgres {
  let owned: Owned | undefined = first
  let keeper: ReturnType<typeof keepRunning> | undefined
  return {
    ...addressOf(first.postmaster, first.password),
    role: 'owner',
    keepRunning() {
      keeper ??= keepRunning({
        // What another process has started since is its own.
        isRunning: () => owned === undefined || isAlive(owned.postmaster.pid),
        restart: () =>
          withStartLock(folder.root, async () => {
            owned = (await readPostmaster(folder)) ? undefined : await launchOwned(folder, options)
          }),
        log: options.log,
      })
    },
    async stop() {
      await keeper?.stop()
      if (!owned) return
      await owned.lock.end()
      await stopPostmaster(owned.postmaster.pid)
    },
  }
}

function connectionUrl({ port, socketFolder }: Postmaster, password: string, database: string): string {
  const url = `postgresql://movieverse:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`
  return socketFolder === undefined ? url : `${url}?host=${encodeURIComponent(socketFolder)}`
}

/** Makes a database of a server unless it is there. @returns whether it was made */
export async function createDatabase(serverUrl: string, name: string): Promise<boolean> {
  try {
    return await withClient({ connectionString: serverUrl }, async (client) => {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
      if (rowCount) return false
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`)
      return true
    })
  } catch (error) {
    // 42P04, 23505: another process made it in the same moment.
    if (error instanceof pg.DatabaseError && ['42P04', '23505'].includes(error.code ?? '')) return false
    throw error
  }
}

function inUse(folder: ClusterFolder): StartupError {
  return new StartupError(
    'DATA_DIR_IN_USE',
    `Another process is running on the data in ${folder.root}.`,
    'Stop it, or set DATA_DIR to another folder.',
  )
}
