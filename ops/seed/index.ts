import { processEnv } from '@movieverse/kit/env'
import { reasonOf, StartupError } from '@movieverse/kit/errors'
import { createLog } from '@movieverse/kit/log'
import { openPlatform } from '@movieverse/kit/platform'
import { ensureAdministrator, ensureSample } from '../standalone/first-start.ts'
import { createSubgraphs, serviceNames } from '../standalone/subgraphs.ts'
import { readSeedSettings } from './env.ts'

const log = createLog({ service: 'seed' })

/** What one process does at its first start, for services that are processes of their own: sample, demo accounts, `admin`. */
async function seed(): Promise<void> {
  const { DATA_DIR: dataDir, SAMPLE, ADMIN_PASSWORD, LOG_LEVEL, POSTGRES_PORT: port } = readSeedSettings()
  log.level = LOG_LEVEL
  const platform = await openPlatform({
    services: serviceNames,
    env: processEnv,
    dataDir,
    port,
    log,
    join: true,
  })
  try {
    await Promise.all(serviceNames.map((name) => platform.databases.migrate(name)))
    const { auth, all } = await createSubgraphs(platform, { log })
    const { administration } = auth
    try {
      if (SAMPLE !== 'none')
        await ensureSample({ dataDir, urlOf: platform.databases.url, administration, log })
      await ensureAdministrator(administration, ADMIN_PASSWORD)
    } finally {
      for (const subgraph of all) await subgraph.close()
    }
  } finally {
    await platform.close()
  }
}

try {
  await seed()
} catch (error) {
  process.stderr.write(`${error instanceof StartupError ? error.describe() : reasonOf(error)}\n`)
  process.exitCode = 1
}
