import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { env } from '../env.ts'
import { NODE_FLAGS, programFile } from '../platform.ts'
import type { ProgramOptions } from '../process.ts'
import { movieverseGuarded } from './guarded.ts'
import { serviceSdls } from './services.ts'

/** What a subject is started with. */
export interface Ground {
  readonly supergraphFile: string
  /** The subgraphs' origin; each answers at `/<name>`. */
  readonly origin: string
  readonly port: number
  /** A folder of the run, for what a subject wants as a file. */
  readonly folder: string
  /** Equal requests in flight may share one execution. */
  readonly dedupe: boolean
}

/** A gateway that takes part in the benchmark. It answers at /graphql of its port. */
export interface Subject {
  readonly name: string
  /** Not a Node program: it can't be profiled here. */
  readonly native?: boolean
  /** Headers that its clients send. */
  readonly headers?: (ground: Ground) => Promise<Readonly<Record<string, string>>>
  readonly program: (ground: Ground) => Promise<Omit<ProgramOptions, 'core'>>
}

const movieverse: Subject = {
  name: 'movieverse',
  program: async ({ supergraphFile, port, dedupe }) => ({
    command: process.execPath,
    args: [
      ...NODE_FLAGS.gateway,
      programFile('gateway'),
      ...['--supergraph', supergraphFile, '--port', String(port), '--no-limits', '--no-auth'],
      ...(dedupe ? ['--dedupe'] : []),
    ],
  }),
}

/** Stock Apollo: this very program in another role, so that both run on the same Node. */
const apollo: Subject = {
  name: 'apollo',
  program: async ({ supergraphFile, port }) => ({
    command: process.execPath,
    args: [process.argv[1] ?? '', 'gateway-apollo', supergraphFile, String(port)],
  }),
}

/** Without deduplication its outgoing requests must be told too: by default equal ones in flight are shared. */
const hiveGateway: Subject = {
  name: 'hive-gateway',
  program: async ({ supergraphFile, port, folder, dedupe }) => {
    const config = join(folder, 'hive-gateway.mjs')
    const gatewayConfig = {
      jit: true,
      logging: false,
      inboundInflightRequestDeduplication: dedupe,
      transportEntries: { '*.http': { options: { deduplicateInflightRequests: dedupe } } },
    }
    await writeFile(config, `export const gatewayConfig = ${JSON.stringify(gatewayConfig)}\n`)
    return {
      command: process.execPath,
      args: [
        ...['node_modules/@graphql-hive/gateway/dist/bin.js', 'supergraph', supergraphFile],
        ...['--config-path', config, '--port', String(port), '--host', '127.0.0.1', '--fork', '1'],
      ],
    }
  },
}

/** Hive Router (Rust), by its documented configuration file; outgoing deduplication is on by default there. */
const hiveRouter = (command: string): Subject => ({
  name: 'hive-router',
  native: true,
  program: async ({ supergraphFile, port, folder, dedupe }) => {
    // It looks for this name in its working folder; JSON is YAML too.
    const config = join(folder, 'router.config.yaml')
    const routerConfig = {
      supergraph: { source: 'file', path: supergraphFile },
      http: { host: '127.0.0.1', port },
      log: { level: 'error' },
      traffic_shaping: { router: { dedupe: { enabled: dedupe } }, all: { dedupe_enabled: dedupe } },
    }
    await writeFile(config, JSON.stringify(routerConfig))
    return { command: resolve(command), args: [], cwd: folder }
  },
})

/** Cosmo Router (Go): its own composer writes the configuration that it needs instead of a supergraph. */
const cosmoRouter = (command: string): Subject => ({
  name: 'cosmo-router',
  native: true,
  program: async ({ origin, port, folder, dedupe }) => {
    const subgraphs = []
    for (const [name, sdl] of serviceSdls()) {
      const file = join(folder, `${name}.graphql`)
      await writeFile(file, sdl)
      subgraphs.push({ name, routing_url: `${origin}/${name}`, schema: { file } })
    }
    const graph = join(folder, 'cosmo-graph.yaml')
    const config = join(folder, 'cosmo.json')
    await writeFile(graph, JSON.stringify({ version: 1, subgraphs }))
    await promisify(execFile)('npx', ['--yes', 'wgc', 'router', 'compose', '--input', graph, '--out', config])
    return {
      command: resolve(command),
      args: [],
      cwd: folder,
      environment: {
        EXECUTION_CONFIG_FILE_PATH: config,
        LISTEN_ADDR: `127.0.0.1:${port}`,
        LOG_LEVEL: 'error',
        ENGINE_ENABLE_SINGLE_FLIGHT: String(dedupe),
        TRACING_ENABLED: 'false',
      },
    }
  },
})

/** All subjects that this machine has. */
export function subjects(): Subject[] {
  return [
    movieverse,
    movieverseGuarded,
    apollo,
    hiveGateway,
    ...(env.HIVE_ROUTER === undefined ? [] : [hiveRouter(env.HIVE_ROUTER)]),
    ...(env.COSMO_ROUTER === undefined ? [] : [cosmoRouter(env.COSMO_ROUTER)]),
  ]
}
