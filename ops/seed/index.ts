import { reasonOf, StartupError } from '@movieverse/kit/errors'
import { createLog } from '@movieverse/kit/log'
import { ensureAdministrator, ensureSample } from '../standalone/first-start.ts'
import { withSubgraphs } from '../standalone/offline.ts'
import { readSeedSettings } from './env.ts'

const log = createLog({ service: 'seed' })

/** What one process does at its first start, for services that are processes of their own: sample, demo accounts, `admin`. */
async function seed(): Promise<void> {
  const { DATA_DIR: dataDir, SAMPLE, ADMIN_PASSWORD, LOG_LEVEL, POSTGRES_PORT: port } = readSeedSettings()
  log.level = LOG_LEVEL
  await withSubgraphs({ dataDir, port, log }, async ({ auth: { administration } }, { databases }) => {
    if (SAMPLE !== 'none') await ensureSample({ dataDir, urlOf: databases.url, administration, log })
    await ensureAdministrator(administration, ADMIN_PASSWORD)
  })
}

try {
  await seed()
} catch (error) {
  process.stderr.write(`${error instanceof StartupError ? error.describe() : reasonOf(error)}\n`)
  process.exitCode = 1
}
