import { platformSettings, processEnv, readEnv } from '@movieverse/kit/env'
import { reasonOf, StartupError } from '@movieverse/kit/errors'
import { createLog } from '@movieverse/kit/log'
import { openPlatform } from '@movieverse/kit/platform'
import { z } from 'zod'
import { createSubgraphs, serviceNames } from '../standalone/subgraphs.ts'

const usage = 'usage: npm run admin -- grant|revoke|reset USER'
const log = createLog({ service: 'admin', level: 'warn' })

async function main([action, username]: readonly string[]): Promise<string> {
  if (action === undefined || username === undefined || !['grant', 'revoke', 'reset'].includes(action))
    throw new Error(usage)
  const { DATA_DIR: dataDir, POSTGRES_PORT: port } = readEnv(z.object(platformSettings))
  // Works beside a running platform, by its server, and without one.
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
    try {
      if (action === 'reset')
        return `The password of ${username} is now ${await auth.administration.resetPassword(username)}`
      await auth.administration[action === 'grant' ? 'grant' : 'revoke'](username, 'admin')
      return action === 'grant'
        ? `${username} is an administrator.`
        : `${username} is no longer an administrator.`
    } finally {
      for (const subgraph of all) await subgraph.close()
    }
  } finally {
    await platform.close()
  }
}

try {
  process.stdout.write(`${await main(process.argv.slice(2))}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof StartupError ? error.describe() : reasonOf(error)}\n`)
  process.exitCode = 1
}
