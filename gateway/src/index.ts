import { environmentAddresses } from '@movieverse/kit/addresses'
import { processEnv } from '@movieverse/kit/env'
import { reasonOf, StartupError } from '@movieverse/kit/errors'
import { createHealthHandler } from '@movieverse/kit/health'
import { type Lifecycle, runProcess } from '@movieverse/kit/lifecycle'
import { createLog } from '@movieverse/kit/log'
import { measureProcess } from '@movieverse/kit/metrics'
import { startTracing } from '@movieverse/kit/tracing'
import { createEngine } from './execution/engine.ts'
import { createGateway } from './gateway.ts'
import { createHttpServer } from './http/server.ts'
import { frontOptions, listen, readFiles } from './program.ts'
import { readProgramOptions } from './program-options.ts'
import { supergraphFile } from './supergraph/file.ts'
import { createMeasuredTransport } from './transport/metrics.ts'

const log = createLog({ service: 'gateway' })

async function start(lifecycle: Lifecycle): Promise<void> {
  const { settings, limited, authenticated, dedupe, ...options } = readProgramOptions(process.argv.slice(2))
  log.level = settings.LOG_LEVEL
  measureProcess()
  await startTracing('gateway', lifecycle)
  const source = supergraphFile(settings.SUPERGRAPH, { log })
  // Loaded only when it is asked for: databases and keys take longer to load than all the rest.
  const { openSecurity } = authenticated ? await import('./security.ts') : { openSecurity: null }
  const security = openSecurity && (await openSecurity(settings, source, { lifecycle, log }))
  const [files, planner] = await Promise.all([readFiles(settings), options.planner()])
  const transport = createMeasuredTransport({
    headersFor: security?.headersFor,
    addresses: environmentAddresses(processEnv),
    deduplicate: dedupe,
    log,
  })
  lifecycle.onStop('subgraphs', () => transport.close())

  const onError = (err: Error, { name }: { readonly name: string | undefined }) =>
    log.error({ err, operation: name }, 'an operation failed in the gateway')
  const gateway = await createGateway({
    source,
    engineOf: (supergraph) => createEngine({ supergraph, planner, transport, onError }),
    authentication: security?.authentication ?? null,
    cache: security?.cache ?? null,
    deduplicate: dedupe,
    ...frontOptions(settings, limited),
    ...files,
    log,
  }).catch((error: unknown) => {
    const remedy = 'Name a composed Federation 2 supergraph with --supergraph; npm run schema writes ours.'
    throw new StartupError(
      'START_FAILED',
      `${settings.SUPERGRAPH} cannot be served: ${reasonOf(error)}`,
      remedy,
    )
  })
  lifecycle.onStop('gateway', () => gateway.close())

  // Without them whoever is signed out is served all the same.
  const stores = security && { sessions: () => security.sessions.ping(), cache: () => security.cache.ping() }
  const health = createHealthHandler({
    checks: { ...gateway.checks, subgraphs: transport.check },
    helpful: stores ?? {},
    stopping: lifecycle.stopping,
  })
  const http = createHttpServer((request, response) => {
    if (!health(request, response)) gateway.handle(request, response)
  })
  const port = await listen(http, settings.PORT, settings.HOST)
  lifecycle.onStop('http', () => http.close(settings.DRAIN_MS))
  log.info(`listening on http://${settings.HOST}:${port}/graphql`)
}

await runProcess(log, start)
