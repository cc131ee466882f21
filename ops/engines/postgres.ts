import { existsSync, readdirSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { giveTo, type Launcher, serverLauncher } from '@movieverse/kit/postgres/account'
import { withClient } from '@movieverse/kit/postgres/client'
import { createDatabase } from '@movieverse/kit/postgres/embedded'
import { writeLines } from './configuration.ts'
import type { Engine, Place } from './engine.ts'
import { debianPackage } from './sources/debian.ts'
import { run } from './sources/run.ts'

/** The databases that services keep here; each is named by a variable. */
const databases = ['auth', 'users', 'reviews', 'platform']
/** Debian's folder of all versions that are installed. */
const versionsFolder = '/usr/lib/postgresql'

/** PostgreSQL as the system has it, beside the built-in one of a platform without engines. */
export const postgres: Engine = {
  name: 'postgres',
  source: debianPackage('postgresql', () => newestVersion() > 0),
  server: {
    ports: [0],
    // Fast shutdown: sessions are ended.
    stopSignal: 'SIGINT',
    variables: (place) =>
      Object.fromEntries(databases.map((name) => [`DATABASE_URL_${name.toUpperCase()}`, urlOf(place, name)])),
    async prepare(place) {
      const { folder } = place
      const launcher = await serverLauncher([folder])
      await makeData(place, launcher)
      const settings = {
        port: `${place.ports[0]}`,
        listen_addresses: '127.0.0.1',
        unix_socket_directories: '',
        timezone: 'UTC',
        log_timezone: 'UTC',
        max_connections: '400',
      }
      const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
      return [{ name: 'server', ...asServer(launcher, 'postgres', ['-D', join(folder, 'data'), ...flags]) }]
    },
    async furnish(place) {
      for (const name of databases) await createDatabase(urlOf(place, 'postgres'), name)
    },
    async check(variables) {
      for (const connectionString of Object.values(variables)) {
        await withClient({ connectionString, query_timeout: 5000 }, (client) => client.query('SELECT 1'))
      }
    },
  },
}

function urlOf({ ports: [port], password }: Place, database: string): string {
  return `postgres://movieverse:${password}@127.0.0.1:${port}/${database}`
}

function newestVersion(): number {
  const versions = existsSync(versionsFolder) ? readdirSync(versionsFolder) : []
  return Math.max(0, ...versions.filter((name) => existsSync(program('initdb', name))).map(Number))
}

function program(name: string, version: string | number = newestVersion()): string {
  return join(versionsFolder, `${version}`, 'bin', name)
}

/** PostgreSQL refuses to run as root. */
function asServer(launcher: Launcher, name: string, flags: readonly string[]) {
  const command = launcher.command(program(name), flags)
  const { account } = launcher
  if (!account || command.file === 'setpriv') return command
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']
  return { file: 'setpriv', args: [...identity, command.file, ...command.args] }
}

/** A folder that is only half made by a killed start is made again. */
async function makeData({ folder, password }: Place, launcher: Launcher): Promise<void> {
  const [data, making] = [join(folder, 'data'), join(folder, 'data.making')]
  if (existsSync(data)) return
  const passwordFile = join(folder, 'initdb-password')
  await rm(making, { recursive: true, force: true })
  await mkdir(making, { mode: 0o700 })
  await writeLines(passwordFile, [password])
  for (const path of [making, passwordFile]) await giveTo(launcher.account, path)
  const flags = [
    `--pgdata=${making}`,
    '--username=movieverse',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // As the built-in server: Unicode's rules for case, code points for order. `builtin` came with PostgreSQL 17.
    ...(newestVersion() < 17
      ? ['--locale=C.UTF-8']
      : ['--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']),
  ]
  const { file, args } = asServer(launcher, 'initdb', flags)
  // Started where the server's account may be.
  await run(file, args, { cwd: '/' })
  await rm(passwordFile)
  await rename(making, data)
}
