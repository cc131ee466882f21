import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { diskFull, folderFault } from '../data-folder.ts'
import { reasonOf, StartupError } from '../errors.ts'
import { readIfThere } from '../files.ts'
import { giveTo, type Launcher, serverLauncher } from './account.ts'
import { type PostgresBinaries, postgresMajor } from './binaries.ts'

/** Version of the folder's layout beside PostgreSQL's own; a step of it needs a conversion here. */
export const layoutVersion = 1

/** The files of a data folder. */
export interface ClusterFolder {
  readonly root: string
  /** PGDATA. */
  readonly cluster: string
  readonly serverLog: string
  readonly password: string
}

export function clusterFolder(dataDir: string): ClusterFolder {
  return {
    root: dataDir,
    cluster: join(dataDir, 'cluster'),
    serverLog: join(dataDir, 'server.log'),
    password: join(dataDir, 'password'),
  }
}

export interface PrepareOptions {
  readonly binaries: PostgresBinaries
  /** Free bytes below which nothing is started. */
  readonly minimumFreeBytes: number
  readonly durable: boolean
}

/** A folder that a server can be started in. */
export interface PreparedCluster {
  /** The superuser's. */
  readonly password: string
  readonly launcher: Launcher
}

/**
 * Makes the folder and its cluster when they are not there, and checks them when they are.
 * @throws StartupError DISK_FULL, DATA_VERSION; system errors as they come
 */
export async function prepareCluster(
  folder: ClusterFolder,
  options: PrepareOptions,
): Promise<PreparedCluster> {
  await mkdir(folder.root, { recursive: true, mode: 0o711 })
  await checkFreeSpace(folder.root, options.minimumFreeBytes)
  const version = await readIfThere(join(folder.cluster, 'PG_VERSION'))
  const layout = await readIfThere(join(folder.root, 'layout.json'))
  const launcher = await serverLauncher([folder.cluster, options.binaries.postgres])
  // The layout file is written last: a cluster without it is the rest of a first start that was cut off.
  if (version === undefined || layout === undefined) {
    return { launcher, password: await createCluster(folder, launcher, options) }
  }
  checkVersions(folder.root, version.trim(), layout)
  return { launcher, password: (await readFile(folder.password, 'utf8')).trim() }
}

async function createCluster(
  folder: ClusterFolder,
  launcher: Launcher,
  options: PrepareOptions,
): Promise<string> {
  const password = randomBytes(24).toString('base64url')
  const passwordForInit = join(folder.root, 'initdb-password')
  await rm(folder.cluster, { recursive: true, force: true })
  await mkdir(folder.cluster, { mode: 0o700 })
  await giveTo(launcher.account, folder.cluster)
  await writeFile(folder.password, `${password}\n`, { mode: 0o600 })
  await writeFile(passwordForInit, `${password}\n`, { mode: 0o600 })
  await giveTo(launcher.account, passwordForInit)
  try {
    await initialise(folder.cluster, passwordForInit, launcher, options)
  } finally {
    await rm(passwordForInit, { force: true })
  }
  await writeFile(
    join(folder.root, 'layout.json'),
    `${JSON.stringify({ layout: layoutVersion, postgres: postgresMajor })}\n`,
  )
  return password
}

function initialise(
  cluster: string,
  passwordFile: string,
  launcher: Launcher,
  options: PrepareOptions,
): Promise<void> {
  const flags = [
    `--pgdata=${cluster}`,
    '--username=movieverse',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-locale',
    // Unicode's rules for case, code points for order: equal on every machine, without the system's locales.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(options.durable ? [] : ['--no-sync']),
  ]
  return new Promise((resolve, reject) => {
    const { file, args } = launcher.command(options.binaries.initdb, flags)
    // setpriv changes the account itself.
    const account = file === options.binaries.initdb ? launcher.account : undefined
    const child = spawn(file, args, {
      ...account,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let output = ''
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(output.trim() || `initdb ended with ${code}`)),
    )
  })
}

function checkVersions(root: string, postgres: string, layout: string): void {
  const found = JSON.parse(layout) as { layout?: number }
  if (Number(postgres) !== postgresMajor || found.layout !== layoutVersion) {
    const newer = Number(postgres) > postgresMajor || (found.layout ?? 0) > layoutVersion
    throw new StartupError(
      'DATA_VERSION',
      `The data in ${root} were written by ${newer ? 'a newer' : 'an older'} version (PostgreSQL ${postgres}, layout ${found.layout}; this one has ${postgresMajor} and ${layoutVersion}).`,
      newer
        ? 'Start the newer version, or another DATA_DIR.'
        : 'Start the older version, export the data with it, and import them into a new DATA_DIR.',
    )
  }
}

async function checkFreeSpace(root: string, minimum: number): Promise<void> {
  const { bavail, bsize } = await statfs(root)
  if (bavail * bsize < minimum) throw diskFull(root, bavail * bsize)
}

/** What an operator can do about a failed start: by a system error, or by what the server's programs wrote. */
export function startupError(error: unknown, root: string): StartupError {
  if (error instanceof StartupError) return error
  return (
    folderFault(error, root) ??
    new StartupError(
      'START_FAILED',
      `PostgreSQL could not start in ${root}: ${reasonOf(error)}`,
      `Look into ${join(root, 'server.log')}.`,
      { cause: error },
    )
  )
}
