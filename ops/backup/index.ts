import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { openDatabases } from '@movieverse/kit/databases/databases'
import { platformSettings, processEnv, readEnv } from '@movieverse/kit/env'
import { StartupError } from '@movieverse/kit/errors'
import { createLog } from '@movieverse/kit/log'
import { z } from 'zod'
import { backUp } from './backup.ts'
import { readErasures, writeLedger } from './erasures.ts'
import { contentHash, type Manifest } from './manifest.ts'
import { restore } from './restore.ts'

const usage = `npm run backup -- FOLDER                     copies every store into a new folder, the platform at work
npm run backup -- --erasures FILE            writes the ledger of erasures alone: small, to be done often
npm run restore -- FOLDER                    puts a backup into empty stores, the platform stopped
  --force                                    replaces what the stores hold
  --erasures FILE                            erases again whom this ledger knows of (may be repeated)`

const settings = z.object({
  ...platformSettings,
  LOG_LEVEL: platformSettings.LOG_LEVEL.unwrap().default('warn'),
})

function report({ takenAt, stores }: Manifest): void {
  process.stdout.write(`Taken at ${takenAt}\n`)
  for (const [name, store] of Object.entries(stores)) {
    process.stdout.write(`${name.padEnd(12)}${store.engine.padEnd(10)}${contentHash(store)}\n`)
  }
}

/** @returns the exit code */
async function main([command, ...args]: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      force: { type: 'boolean', default: false },
      erasures: { type: 'string', multiple: true, default: [] },
    },
  })
  const [folder, ...more] = positionals
  const { DATA_DIR: dataDir, POSTGRES_PORT: port, LOG_LEVEL: level } = readEnv(settings)
  const log = createLog({ service: 'backup', level })
  const place = { env: processEnv, dataDir, port, log }
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  if (command === 'backup' && folder === undefined && values.erasures.length === 1) {
    const databases = await openDatabases({ ...place, services: ['auth'], join: true })
    try {
      const erasures = await readErasures(databases.url('auth'))
      await writeLedger(resolve(values.erasures[0] ?? ''), erasures)
      say(`${erasures.length} erasures`)
    } finally {
      await databases.stop()
    }
    return 0
  }
  if (folder === undefined || more.length > 0) {
    say(usage)
    return 2
  }
  const options = { ...place, folder: resolve(folder), say }
  if (command === 'backup') {
    report(await backUp(options))
    return 0
  }
  const { manifest, erased } = await restore({ ...options, force: values.force, ledgers: values.erasures })
  report(manifest)
  process.stdout.write(`${erased.length} users erased since are erased again\n`)
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof StartupError)) throw error
  process.stderr.write(`${error.describe()}\n`)
  process.exitCode = 1
}
