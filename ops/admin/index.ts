import { platformSettings, readEnv } from '@movieverse/kit/env'
import { reasonOf, StartupError } from '@movieverse/kit/errors'
import { createLog } from '@movieverse/kit/log'
import { z } from 'zod'
import { withSubgraphs } from '../standalone/offline.ts'

const usage = 'usage: npm run admin -- grant|revoke|reset USER'
const log = createLog({ service: 'admin', level: 'warn' })

async function main([action, username]: readonly string[]): Promise<string> {
  if (action === undefined || username === undefined || !['grant', 'revoke', 'reset'].includes(action))
    throw new Error(usage)
  const { DATA_DIR: dataDir, POSTGRES_PORT: port } = readEnv(z.object(platformSettings))
  return withSubgraphs({ dataDir, port, log }, async ({ auth: { administration } }) => {
    if (action === 'reset')
      return `The password of ${username} is now ${await administration.resetPassword(username)}`
    await administration[action === 'grant' ? 'grant' : 'revoke'](username, 'admin')
    return action === 'grant'
      ? `${username} is an administrator.`
      : `${username} is no longer an administrator.`
  })
}

try {
  process.stdout.write(`${await main(process.argv.slice(2))}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof StartupError ? error.describe() : reasonOf(error)}\n`)
  process.exitCode = 1
}
