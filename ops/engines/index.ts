import { spawnSync } from 'node:child_process'
import { processEnv } from '@movieverse/kit/env'
import { StartupError } from '@movieverse/kit/errors'
import { chooseEngines } from './engines.ts'
import { readEnginesSettings } from './env.ts'
import { createEngineSet } from './set.ts'

const usage = `npm run engines -- COMMAND [NAME…]      NAME: ${chooseEngines([])
  .map(({ name }) => name)
  .join(', ')}
  install   gets the engines by the ordinary package clients
  up        starts them and writes .engines/env
  down      stops them; nothing is left running
  status    what runs, where
  logs      the end of their logs
  reset     stops them and forgets their data
  kill      ends them by SIGKILL`

const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function main([command, ...names]: readonly string[]): Promise<number> {
  const { folder, basePort } = readEnginesSettings()
  const set = createEngineSet({ folder, basePort, env: processEnv, say })
  switch (command) {
    case 'install':
      for (const { name, source } of chooseEngines(names)) {
        await source.install(say)
        say(`${name.padEnd(11)}${source.about}`)
      }
      return 0
    case 'up':
    case 'down':
    case 'reset':
    case 'kill':
      await set[command](names)
      return 0
    case 'status':
      for (const { name, state, pids, port, about } of await set.status(names)) {
        const where =
          state === 'stopped' || port === undefined ? '' : `port ${port}, process ${pids.join(', ')}`
        say(`${name.padEnd(11)}${state.padEnd(9)}${where.padEnd(34)}${about}`)
      }
      return 0
    case 'logs': {
      const files = await set.logs(names)
      return files.length === 0
        ? 0
        : (spawnSync('tail', ['-n', '60', ...files], { stdio: 'inherit' }).status ?? 1)
    }
    default:
      say(usage)
      return 2
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof StartupError)) throw error
  process.stderr.write(`${error.code}: ${error.describe()}\n`)
  process.exitCode = 1
}
