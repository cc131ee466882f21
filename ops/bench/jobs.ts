import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { JobQueue } from '@movieverse/kit/jobs/jobs'
import { createPostgresJobs } from '@movieverse/kit/jobs/postgres'
import { createRabbitJobs } from '@movieverse/kit/jobs/rabbitmq'
import { silentLog } from '@movieverse/kit/log'
import { startEmbeddedPostgres } from '@movieverse/kit/postgres/embedded'
import { env } from './env.ts'
import { quantile, report, rounded, say } from './report.ts'

const engines: Readonly<Record<string, () => Promise<JobQueue>>> = {
  postgres: onPostgres,
  rabbitmq: () => createRabbitJobs({ url: env.RABBITMQ_URL ?? '', log: silentLog }),
}

/** On a server of its own, with the platform's settings, which sync each commit. */
async function onPostgres(): Promise<JobQueue> {
  const dataDir = await mkdtemp(join(tmpdir(), 'movieverse-jobs-'))
  const server = await startEmbeddedPostgres({ dataDir, log: silentLog })
  const jobs = await createPostgresJobs({ url: server.url('postgres'), log: silentLog })
  return {
    ...jobs,
    async close() {
      await jobs.close()
      await server.stop()
      await rm(dataDir, { recursive: true })
    },
  }
}

interface Load {
  readonly engine: string
  readonly queue: string
  readonly jobs: number
  readonly concurrency: number
  readonly rate: number
  readonly seconds: number
}

/**
 * `npm run bench -- jobs`: jobs that do nothing, published and done in one process. `publish`: durable, 100 a call, 4
 * calls at a time. `work`: so many wait when the worker starts. `flow`: so many a second are published one by one while
 * the worker runs; the latency is from before the publish to the begin of the job.
 */
export async function benchJobs(args: string[]): Promise<void> {
  const { values: options } = parseArgs({
    args,
    options: {
      engines: { type: 'string', default: env.RABBITMQ_URL ? 'postgres,rabbitmq' : 'postgres' },
      jobs: { type: 'string', default: '10000' },
      concurrency: { type: 'string', default: '20' },
      rounds: { type: 'string', default: '3' },
      rate: { type: 'string', default: '100' },
      seconds: { type: 'string', default: '20' },
    },
  })
  const [jobs, concurrency, rounds, rate, seconds] = [
    options.jobs,
    options.concurrency,
    options.rounds,
    options.rate,
    options.seconds,
  ].map(Number) as [number, number, number, number, number]
  if (![jobs, concurrency, rounds, rate, seconds].every((value) => value > 0))
    throw new RangeError('--jobs, --concurrency, --rounds, --rate and --seconds are numbers above 0.')
  for (const engine of options.engines.split(',')) {
    const open = engines[engine]
    if (open === undefined) throw new RangeError(`There is no engine ${engine}.`)
    say(`${engine} …`)
    const queue = await open()
    const load = { engine, queue: 'bench', jobs, concurrency, rate, seconds }
    try {
      for (let round = 0; round < rounds; round += 1) await drain(queue, load)
      await flow(queue, load)
    } finally {
      await queue.close()
    }
  }
}

const perCall = 100
const calls = 4

async function drain(on: JobQueue, { engine, queue, jobs, concurrency }: Load): Promise<void> {
  const begun = performance.now()
  let published = 0
  async function publish(): Promise<void> {
    while (published < jobs) {
      const count = Math.min(perCall, jobs - published)
      const first = published
      published += count
      await on.publish(
        queue,
        Array.from({ length: count }, (_, index) => ({ data: { number: first + index } })),
      )
    }
  }
  await Promise.all(Array.from({ length: calls }, publish))
  const publishedMs = performance.now() - begun
  report({
    bench: 'jobs',
    name: engine,
    measure: 'publish',
    jobs,
    perSecond: rounded((jobs * 1000) / publishedMs),
  })
  const all = Promise.withResolvers<void>()
  let done = 0
  const start = performance.now()
  const worker = await on.work({
    queue,
    concurrency,
    async handle() {
      done += 1
      if (done === jobs) all.resolve()
    },
  })
  await all.promise
  const ms = performance.now() - start
  await worker.close()
  report({
    bench: 'jobs',
    name: engine,
    measure: 'work',
    jobs,
    concurrency,
    perSecond: rounded((jobs * 1000) / ms),
  })
}

async function flow(on: JobQueue, { engine, queue, concurrency, rate, seconds }: Load): Promise<void> {
  const total = rate * seconds
  const latencies: number[] = []
  const all = Promise.withResolvers<void>()
  const worker = await on.work({
    queue,
    concurrency,
    async handle({ data }) {
      latencies.push(performance.now() - Number(data.at))
      if (latencies.length === total) all.resolve()
    },
  })
  const start = performance.now()
  const publishes: Promise<unknown>[] = []
  for (let published = 0; published < total; published += 1) {
    const wait = start + (published * 1000) / rate - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    publishes.push(on.publish(queue, [{ data: { at: performance.now() } }]))
  }
  await Promise.all(publishes)
  await all.promise
  await worker.close()
  report({
    bench: 'jobs',
    name: engine,
    measure: 'flow',
    perSecond: rate,
    jobs: total,
    p50Ms: rounded(quantile(latencies, 0.5), 3),
    p99Ms: rounded(quantile(latencies, 0.99), 3),
    maxMs: rounded(Math.max(...latencies), 3),
  })
}
