import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { openDatabases } from '@movieverse/kit/databases/databases'
import { databaseEngine } from '@movieverse/kit/databases/engine'
import { migrationsFolder } from '@movieverse/kit/databases/folders'
import { migrationStatus } from '@movieverse/kit/databases/migrate'
import { platformSettings, processEnv, readEnv } from '@movieverse/kit/env'
import { StartupError } from '@movieverse/kit/errors'
import { silentLog } from '@movieverse/kit/log'
import { z } from 'zod'
import { newMigrations } from './new.ts'

const usage = `npm run migrate                                   applies what is missing
npm run migrate -- status                         says where each database stands
npm run migrate -- new NAME [--service SERVICE]   writes the migrations that the schemas ask for`

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Services with migrations, or those named. */
function chosenServices(named: readonly string[]): readonly string[] {
  const all = readdirSync('prisma', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
  const unknown = named.filter((name) => !all.includes(name))
  if (unknown.length > 0) {
    throw new StartupError(
      'START_FAILED',
      `No such service: ${unknown.join(', ')}.`,
      `Name one of ${all.join(', ')}.`,
    )
  }
  return named.length > 0 ? named : all
}

async function withDatabases(services: readonly string[], apply: boolean): Promise<void> {
  const env = readEnv(z.object(platformSettings))
  const databases = await openDatabases({
    services,
    env: processEnv,
    dataDir: env.DATA_DIR,
    port: env.POSTGRES_PORT,
    log: silentLog,
    join: true,
  })
  try {
    for (const service of services) {
      if (apply) {
        const applied = await databases.migrate(service)
        say(`${service}: ${applied.length > 0 ? `applied ${applied.join(', ')}` : 'up to date'}`)
      } else {
        say(`${service}: ${await describeStatus(databases.url(service), service)}`)
      }
    }
  } finally {
    await databases.stop()
  }
}

async function postgresFolders(services: readonly string[]): Promise<readonly string[]> {
  const folders = await Promise.all(services.map((service) => migrationsFolder(service, 'postgres')))
  return folders.filter((folder) => folder !== undefined)
}

async function describeStatus(url: string, service: string): Promise<string> {
  const folder = await migrationsFolder(service, databaseEngine(url))
  if (folder === undefined) return 'no migrations'
  const parts = Object.entries(await migrationStatus({ url, folder })).filter(([, names]) => names.length > 0)
  return parts.map(([state, names]) => `${state} ${names.join(', ')}`).join('; ') || 'no migrations'
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { service: { type: 'string', multiple: true } },
  })
  const [command = 'apply', name] = positionals
  const services = chosenServices(values.service ?? [])
  if (command === 'apply' || command === 'status') {
    await withDatabases(services, command === 'apply')
    return 0
  }
  if (command === 'new' && name && /^[a-z0-9_]+$/.test(name)) {
    const written = await newMigrations(name, await postgresFolders(services), new Date())
    for (const file of written.filter((path) => path.includes('/postgres/'))) {
      say(`${file}: MySQL's goes beside it by hand (prisma/README.md)`)
    }
    say(written.length > 0 ? written.join('\n') : 'The migrations are at the state of the schemas.')
    return 0
  }
  say(usage)
  return 2
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof StartupError)) throw error
  process.stderr.write(`${error.describe()}\n`)
  process.exitCode = 1
}
