import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { reasonOf, StartupError } from '@movieverse/kit/errors'
import { type Lifecycle, runProcess } from '@movieverse/kit/lifecycle'
import { createLog } from '@movieverse/kit/log'
import { writeSecrets } from '../secrets/secrets.ts'
import { readCompose } from './compose.ts'
import { openControl, sendCommand } from './control.ts'
import { readDistributedSettings } from './env.ts'
import { placeEntries } from './placement.ts'
import { describe, statusLine, welcome } from './status.ts'
import { createTopology } from './topology.ts'

const usage = `npm run distributed             starts every process of docker-compose.yml that is built here
npm run distributed -- roll     replaces them one by one
npm run distributed -- status   says how each of them is`

async function start(lifecycle: Lifecycle): Promise<void> {
  if (!existsSync('.env')) await writeSecrets('.env')
  const { folder, basePort, variables, inherited } = await readDistributedSettings()
  await mkdir(folder, { recursive: true })
  const project = await readCompose('docker-compose.yml', variables)
  const placed = placeEntries(project, { basePort, folder })
  const show = statusLine(process.stderr)
  const topology = createTopology(placed, {
    root: process.cwd(),
    folder,
    inherited,
    onChange: () => show(topology.processes),
  })
  const control = await openControl(folder, {
    status: async () => describe(topology.processes),
    async roll() {
      await topology.roll()
      return 'Every process was replaced.\n'
    },
  })
  lifecycle.onStop('control', () => control.close())
  lifecycle.onStop('processes', () => topology.stop())
  try {
    await topology.start()
  } catch (error) {
    throw new StartupError(
      'START_FAILED',
      reasonOf(error),
      'Mend that and start again; what is done stays done.',
    )
  }
  process.stdout.write(welcome(topology, { folder, sample: variables.SAMPLE !== 'none' }))
}

async function ask(command: string): Promise<void> {
  const { folder } = await readDistributedSettings()
  try {
    process.stdout.write(await sendCommand(folder, command))
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`)
    process.exitCode = 1
  }
}

const [command, ...more] = process.argv.slice(2)
const log = createLog({ service: 'distributed', level: 'warn' })
// Each layer of processes has its own grace.
if (command === undefined) await runProcess(log, start, { stopMs: 180_000 })
else if (['roll', 'status'].includes(command) && more.length === 0) await ask(command)
else {
  process.stderr.write(`${usage}\n`)
  process.exitCode = 2
}
