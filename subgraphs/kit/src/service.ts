import { z } from 'zod'
import { readAddresses } from './addresses.ts'
import { createHttpEntityReader } from './entities.ts'
import { type EnvSource, flag, platformSettings, port, processEnv, readEnv } from './env.ts'
import { hostSubgraph } from './hosting.ts'
import { createIdentitySigner, createIdentityVerifier, readIdentityKey } from './identity.ts'
import { type Lifecycle, runProcess } from './lifecycle.ts'
import { createLog, type Log } from './log.ts'
import { measureProcess } from './metrics.ts'
import { openPlatform, type Platform } from './platform.ts'
import { checkRoom } from './room.ts'
import { startSubgraphServer } from './server.ts'
import type { EntityReader, Subgraph } from './subgraph.ts'
import { startTracing } from './tracing.ts'

const settings = z.object({
  ...platformSettings,
  /** Default: the port of the service's address in the supergraph. */
  PORT: port.optional(),
  HOST: z.string().default('127.0.0.1'),
  /** Where the other services' addresses are read; `SUBGRAPH_URL_<NAME>` replaces one. */
  SUPERGRAPH: z.string().default('schema/supergraph.graphql'),
  INTROSPECTION: flag.default(false),
})

/** What a service is made of. */
export interface ServiceDependencies extends Pick<Platform, 'bus' | 'jobs' | 'sessions' | 'cache'> {
  /** The service's own database, migrated. */
  readonly databaseUrl: string
  /** Reads the other services' entities. */
  readonly entities: EntityReader
  readonly env: EnvSource
  readonly log: Log
}

export interface Service<S extends Subgraph> {
  /** Folder, database and federation name. */
  readonly name: string
  create(dependencies: ServiceDependencies): S | Promise<S>
  /** Public documents by path. */
  readonly documents?: (subgraph: S) => Readonly<Record<string, () => Promise<unknown>>>
}

/**
 * Runs one service as a process: its database (named by `DATABASE_URL_<NAME>`, or in the built-in server of DATA_DIR,
 * which it starts or joins) migrated, its consumers and workers at work, its subgraph served on PORT, until a signal
 * stops it in order. Ends with an exit code other than 0 and a line that says what to do when it cannot start.
 */
export async function runService<S extends Subgraph>(service: Service<S>): Promise<void> {
  const bootLog = createLog({ service: service.name })
  await runProcess(bootLog, async (lifecycle) => {
    await startService(service, lifecycle, processEnv)
  })
}

/** Starts a service; the lifecycle stops it. @throws StartupError */
export async function startService<S extends Subgraph>(
  service: Service<S>,
  lifecycle: Lifecycle,
  source: EnvSource,
): Promise<{ readonly port: number }> {
  const env = readEnv(settings, source)
  const log = createLog({ service: service.name, level: env.LOG_LEVEL })
  measureProcess()
  await startTracing(service.name, lifecycle, source)
  const key = await readIdentityKey(env)
  const addresses = await readAddresses(env.SUPERGRAPH, source)
  const platform = await openPlatform({
    services: [service.name],
    env: source,
    dataDir: env.DATA_DIR,
    port: env.POSTGRES_PORT,
    log,
    join: true,
  })
  lifecycle.onStop('platform', () => platform.close())
  await platform.databases.migrate(service.name)
  const { bus, jobs, sessions, cache } = platform
  const subgraph = await service.create({
    databaseUrl: platform.databases.url(service.name),
    entities: createHttpEntityReader({ service: service.name, signer: createIdentitySigner(key), addresses }),
    ...{ bus, jobs, sessions, cache },
    env: source,
    log,
  })
  const hosted = await hostSubgraph(subgraph, { bus, jobs, log })
  lifecycle.onStop(service.name, () => hosted.close())
  const identity = createIdentityVerifier(service.name, key)
  const server = await startSubgraphServer({
    subgraph,
    identity,
    port: env.PORT ?? portOf(addresses(service.name)[0]),
    host: env.HOST,
    health: {
      checks: { ...subgraph.checks, bus: () => bus.ping(), jobs: () => jobs.ping() },
      helpful: { room: checkRoom, clock: () => identity.check() },
      stopping: lifecycle.stopping,
    },
    introspection: env.INTROSPECTION,
    documents: service.documents?.(subgraph),
    drainMs: env.DRAIN_MS,
    log,
  })
  lifecycle.onStop('server', () => server.close())
  log.info({ port: server.port }, 'the service answers')
  return { port: server.port }
}

/** The port of an address; a free one when there is no address. */
function portOf(address: string | undefined): number {
  return address ? Number(new URL(address).port || 80) : 0
}
