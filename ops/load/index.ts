import { parseArgs } from 'node:util'
import { openDatabases } from '@movieverse/kit/databases/databases'
import { platformSettings, processEnv, readEnv } from '@movieverse/kit/env'
import { StartupError } from '@movieverse/kit/errors'
import { createLog } from '@movieverse/kit/log'
import { z } from 'zod'
import { UnknownLayoutError } from './formats/detect.ts'
import { createLoader, loadsFolder } from './loader.ts'
import { loadedServices, openStores } from './open.ts'
import { createProgress } from './progress.ts'
import { describeReport, isTooBroken } from './report.ts'
import { createImporters } from './stores.ts'

const usage = `npm run load -- PATH            a MovieLens folder (latest-small, 25M, 1M, 100K) or a catalogue (.jsonl, .jsonl.gz)
npm run load -- PATH --again    also when it was loaded before`

const settings = z.object({
  ...platformSettings,
  LOG_LEVEL: platformSettings.LOG_LEVEL.unwrap().default('warn'),
})

/** @returns the exit code */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { again: { type: 'boolean', default: false } },
  })
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) {
    process.stderr.write(`${usage}\n`)
    return 2
  }
  const env = readEnv(settings)
  const log = createLog({ service: 'load', level: env.LOG_LEVEL })
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

  const databases = await openDatabases({
    services: loadedServices,
    env: processEnv,
    dataDir: env.DATA_DIR,
    port: env.POSTGRES_PORT,
    log,
    join: true,
  })
  try {
    for (const service of loadedServices) await databases.migrate(service)
    const stores = await openStores(databases.url, log)
    try {
      const loader = createLoader({
        importers: createImporters(stores),
        stateFolder: loadsFolder(env.DATA_DIR),
        progress: createProgress(process.stderr),
        signal: stop.signal,
      })
      const report = await loader.loadPath(path, { again: values.again })
      process.stdout.write(`${describeReport(report)}\n`)
      return isTooBroken(report) ? 1 : 0
    } finally {
      await stores.close()
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
    process.stderr.write('Stopped. The same command goes on from here.\n')
    return 130
  } finally {
    await databases.stop()
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  if (error instanceof StartupError) process.stderr.write(`${error.describe()}\n`)
  else if (error instanceof UnknownLayoutError) process.stderr.write(`${error.message}\n`)
  else throw error
  process.exitCode = 1
}
