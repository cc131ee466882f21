import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { StartupError } from '@movieverse/kit/errors'
import { type Lifecycle, runProcess } from '@movieverse/kit/lifecycle'
import { createLog } from '@movieverse/kit/log'
import { readNginxSettings } from './env.ts'
import { prepareFolder, writeConfig } from './folder.ts'
import { resolveGateways } from './gateways.ts'

const log = createLog({ service: 'nginx' })
/** Milliseconds between looks at where the gateways are: a container that is started again has another address. */
const lookEveryMs = 5_000

/** nginx with a configuration made of the environment, which it takes up again when the gateways' addresses change. */
async function start(lifecycle: Lifecycle): Promise<void> {
  const settings = readNginxSettings()
  let gateways = await resolveGateways(settings.GATEWAYS)
  if (gateways.length === 0) throw noGateway(settings.GATEWAYS)
  const folder = await prepareFolder(settings)
  const file = await writeConfig(folder, settings, gateways)

  const nginx = spawn('nginx', ['-p', folder, '-c', file], { stdio: ['ignore', 'inherit', 'inherit'] })
  await once(nginx, 'spawn').catch((error: Error) => {
    throw new StartupError(
      'START_FAILED',
      `nginx cannot be run: ${error.message}.`,
      'Install nginx 1.22 or newer.',
    )
  })
  const ended = once(nginx, 'exit')
  lifecycle.onStop('nginx', () => stop(nginx, ended))

  async function reload(): Promise<void> {
    await writeConfig(folder, settings, gateways)
    nginx.kill('SIGHUP')
  }
  process.on('SIGHUP', () => void reload())
  const looking = setInterval(() => void look(), lookEveryMs)
  lifecycle.onStop('look', async () => clearInterval(looking))

  async function look(): Promise<void> {
    const now = await resolveGateways(settings.GATEWAYS)
    if (now.length === 0 || now.join() === gateways.join()) return
    gateways = now
    log.info({ gateways }, 'the gateways have other addresses')
    await reload()
  }

  void ended.then(([code]) => {
    if (!lifecycle.stopping()) throw new Error(`nginx has ended with ${code}`)
  })
}

const noGateway = (names: readonly string[]) =>
  new StartupError('START_FAILED', `None of ${names.join(', ')} is known.`, 'Start the gateways first.')

/** Requests in hand are answered first. */
async function stop(nginx: ChildProcess, ended: Promise<unknown>): Promise<void> {
  nginx.kill('SIGQUIT')
  // A connection that is kept open, a subscription above all, would hold it for ever.
  const patience = setTimeout(() => nginx.kill('SIGTERM'), 10_000)
  await ended
  clearTimeout(patience)
}

await runProcess(log, start)
