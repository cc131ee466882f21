import { openDatabases } from '@movieverse/kit/databases/databases'
import { processEnv } from '@movieverse/kit/env'
import { createLog } from '@movieverse/kit/log'
import { createLoader, loadsFolder } from '../../load/loader.ts'
import { loadedServices, openStores } from '../../load/open.ts'
import { createImporters } from '../../load/stores.ts'

/**
 * Creates the databases in an empty data folder and loads a folder that is laid out as the sample. Writes the load's
 * report, whose seconds leave out the server's start and the migrations, as one line of JSON.
 */
export async function runLoad(sampleFolder: string, dataDir: string): Promise<void> {
  const log = createLog({ service: 'bench', level: 'warn' })
  const databases = await openDatabases({ services: loadedServices, env: processEnv, dataDir, log })
  try {
    for (const service of loadedServices) await databases.migrate(service)
    const stores = await openStores(databases.url, log)
    try {
      const importers = createImporters(stores)
      const report = await createLoader({ importers, stateFolder: loadsFolder(dataDir) }).loadSample(
        sampleFolder,
      )
      process.stdout.write(`${JSON.stringify(report)}\n`)
    } finally {
      await stores.close()
    }
  } finally {
    await databases.stop()
  }
}
