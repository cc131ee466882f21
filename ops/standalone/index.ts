import { createHttpServer } from '@movieverse/gateway/http/server'
import { listen } from '@movieverse/gateway/program'
import { processEnv } from '@movieverse/kit/env'
import { createHealthHandler } from '@movieverse/kit/health'
import { hostSubgraph } from '@movieverse/kit/hosting'
import { type Lifecycle, runProcess } from '@movieverse/kit/lifecycle'
import { createLog } from '@movieverse/kit/log'
import { measureProcess } from '@movieverse/kit/metrics'
import { openPlatform } from '@movieverse/kit/platform'
import { checkRoom } from '@movieverse/kit/room'
import { startTracing } from '@movieverse/kit/tracing'
import { readStandaloneSettings } from './env.ts'
import { ensureAdministrator, ensureSample } from './first-start.ts'
import { createStandaloneGateway } from './gateway.ts'
import { createSubgraphs, serviceNames } from './subgraphs.ts'
import { welcome } from './welcome.ts'

const log = createLog({ service: 'standalone' })

async function start(lifecycle: Lifecycle): Promise<void> {
  const settings = readStandaloneSettings()
  const { DATA_DIR: dataDir, HOST: host, SAMPLE } = settings
  log.level = settings.LOG_LEVEL
  measureProcess()
  await startTracing('standalone', lifecycle)

  // The port is taken first: who can't have it learns so before a minute of loading.
  let handle: Parameters<typeof createHttpServer>[0] = (_, response) => {
    response.writeHead(503, { 'retry-after': '1' }).end()
  }
  const http = createHttpServer((request, response) => handle(request, response))
  const port = await listen(http, settings.PORT, host)
  let closing: Promise<void> | undefined
  const closeHttp = () => {
    closing ??= http.close()
    return closing
  }
  lifecycle.onStop('http', closeHttp)

  const platform = await openPlatform({
    services: serviceNames,
    env: processEnv,
    dataDir,
    port: settings.POSTGRES_PORT,
    log,
  })
  lifecycle.onStop('platform', () => platform.close())
  await Promise.all(serviceNames.map((name) => platform.databases.migrate(name)))

  const subgraphs = await createSubgraphs(platform, { log })
  const { administration } = subgraphs.auth
  const sample = SAMPLE !== 'none'
  // Before the consumers are at work, which would take up every batch while the next one is written.
  if (sample) await ensureSample({ dataDir, urlOf: platform.databases.url, administration, log })
  // Side by side: together they are most of a start that finds its data.
  const hosting = subgraphs.all.map(async (subgraph) => {
    const hosted = await hostSubgraph(subgraph, { ...platform, log })
    lifecycle.onStop(subgraph.name, () => hosted.close())
  })
  const introspection = settings.INTROSPECTION
  const opening = createStandaloneGateway({ platform, subgraphs, introspection, log }).then((opened) => {
    lifecycle.onStop('gateway', () => opened.close())
    return opened
  })
  const [gateway] = await Promise.all([opening, ...hosting])
  // Stopped first, so that what is asked by then is answered by a platform that is still whole.
  lifecycle.onStop('http', closeHttp)
  const health = createHealthHandler({
    checks: Object.assign(
      { bus: () => platform.bus.ping(), jobs: () => platform.jobs.ping() },
      gateway.checks,
      ...subgraphs.all.map(({ name, checks }) => prefixed(name, checks)),
    ),
    helpful: { room: checkRoom },
    stopping: lifecycle.stopping,
  })
  // Last, so that no start that is cut off keeps the password to itself.
  const administratorPassword = await ensureAdministrator(administration)
  handle = (request, response) => {
    if (!health(request, response)) gateway.handle(request, response)
  }
  const shownHost = host === '127.0.0.1' ? 'localhost' : host
  process.stdout.write(
    welcome({ origin: `http://${shownHost}:${port}`, dataDir, sample, administratorPassword }),
  )
}

const prefixed = (name: string, checks: Readonly<Record<string, () => Promise<void>>>) =>
  Object.fromEntries(Object.entries(checks).map(([check, ask]) => [`${name}.${check}`, ask]))

await runProcess(log, start)
