import { say } from './report.ts'

interface Benchmark {
  readonly about: string
  run(args: string[]): Promise<void>
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  gateway: {
    about: 'our gateway against Apollo, Hive Gateway and routers you name, over the same four HTTP subgraphs',
    run: async (args) => (await import('./gateway/gateway.ts')).benchGateway(args),
  },
  pages: {
    about: "the front ends' operations end to end, against the same subgraphs behind stock Apollo",
    run: async (args) => (await import('./pages/pages.ts')).benchPages(args),
  },
  jobs: {
    about: 'jobs: published and done a second, and the time from one to the other, on both engines',
    run: async (args) => (await import('./jobs.ts')).benchJobs(args),
  },
  writes: {
    about: 'reviews written through the gateway: rate, latency, statements of each',
    run: async (args) => (await import('./writes.ts')).benchWrites(args),
  },
  load: {
    about: 'the sample and ten times the sample: seconds, rows a second, peak memory',
    run: async (args) => (await import('./load/load.ts')).benchLoad(args),
  },
  start: {
    about: 'first and second start to the first answer, and the memory of Node and PostgreSQL together',
    run: async (args) => (await import('./start.ts')).benchStart(args),
  },
  bus: {
    about: 'events from the outbox over the bus to an effect with its inbox mark, on PostgreSQL and on Kafka',
    run: async (args) => (await import('./bus.ts')).benchBus(args),
  },
  kv: {
    about: 'calls of the key-value store a second, on PostgreSQL and on Redis',
    run: async (args) => (await import('./kv.ts')).benchKeyValue(args),
  },
}

/** Programs that the benchmarks start beside themselves: this bundle in another role. */
const roles: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  'gateway-subgraphs': async ([port]) =>
    (await import('./gateway/subgraphs.ts')).serveSubgraphs(Number(port)),
  'gateway-apollo': async ([supergraphFile = '', port]) =>
    (await import('./gateway/apollo.ts')).serveApollo(supergraphFile, Number(port)),
  'pages-subgraphs': async ([dataDir = '', supergraphFile = '', keyFile = '']) =>
    (await import('./pages/peer.ts')).serveSubgraphsOf(dataDir, supergraphFile, keyFile),
  'pages-apollo': async ([supergraphFile = '', keyFile = '', port]) =>
    (await import('./pages/peer.ts')).servePagesByApollo(supergraphFile, keyFile, Number(port)),
  'load-subject': async ([sampleFolder = '', dataDir = '']) =>
    (await import('./load/subject.ts')).runLoad(sampleFolder, dataDir),
}

const [name, ...args] = process.argv.slice(2)
const run = name === undefined ? undefined : (benchmarks[name]?.run ?? roles[name])
if (run !== undefined) await run(args).catch(refuse)
else {
  if (name !== undefined) say(`There is no benchmark ${name}.`)
  const lines = Object.entries(benchmarks).map(([key, { about }]) => `  ${key.padEnd(10)}${about}`)
  process.stdout.write(['npm run bench -- NAME [options]', ...lines, ''].join('\n'))
  process.exitCode = name === undefined ? 0 : 2
}

/** A wrong option is a line, anything else a fault with its stack. */
function refuse(error: unknown): void {
  const wrongOption =
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  if (!wrongOption && !(error instanceof RangeError)) throw error
  say(error.message)
  process.exitCode = 2
}
