import { parseArgs } from 'node:util'
import { openWay } from './bus/way.ts'
import { env } from './env.ts'
import { quantile, report, rounded, say } from './report.ts'

const films = 1000

/**
 * `npm run bench -- bus`: events on their whole way in one process, from the outbox over the bus to a consumer whose effect
 * stands beside its inbox mark. `drain`: so many wait in the outbox when the relay starts. `flow`: so many a second are
 * written, each in a transaction of its own; latency is from before that transaction to after the effect's.
 */
export async function benchBus(args: string[]): Promise<void> {
  const { values: options } = parseArgs({
    args,
    options: {
      engines: { type: 'string', default: env.KAFKA_BROKERS ? 'embedded,kafka' : 'embedded' },
      events: { type: 'string', default: '20000' },
      rounds: { type: 'string', default: '3' },
      rate: { type: 'string', default: '100' },
      seconds: { type: 'string', default: '20' },
    },
  })
  const [events, rounds, rate, seconds] = [options.events, options.rounds, options.rate, options.seconds].map(
    Number,
  ) as [number, number, number, number]
  if (![events, rounds, rate, seconds].every((value) => value > 0))
    throw new RangeError('--events, --rounds, --rate and --seconds are numbers above 0.')
  for (const engine of options.engines.split(',')) {
    if (engine !== 'embedded' && engine !== 'kafka') throw new RangeError(`There is no engine ${engine}.`)
    say(`${engine} …`)
    const way = await openWay(engine)
    try {
      await drain(way, { engine, events: Math.ceil(events / 4), warmUp: true })
      for (let round = 0; round < rounds; round += 1) await drain(way, { engine, events })
      await flow(way, { engine, rate, seconds })
    } finally {
      await way.close()
    }
  }
}

type Way = Awaited<ReturnType<typeof openWay>>

async function drain(
  way: Way,
  { engine, events, warmUp = false }: { engine: string; events: number; warmUp?: boolean },
): Promise<void> {
  for (let written = 0; written < events; written += 500) {
    await way.write(
      Array.from({ length: Math.min(500, events - written) }, (_, index) => (written + index) % films),
    )
  }
  const cpu = way.cpu()
  const start = performance.now()
  await way.startRelay()
  await way.arrived(events)
  const ms = performance.now() - start
  await way.stopRelay()
  if (warmUp) return
  const used = way.cpu()
  report({
    bench: 'bus',
    name: engine,
    measure: 'drain',
    events,
    perSecond: rounded((events * 1000) / ms),
    nodeMsPerEvent: rounded((used.node - cpu.node) / events, 3),
    postgresMsPerEvent: rounded((used.postgres - cpu.postgres) / events, 3),
  })
}

async function flow(
  way: Way,
  { engine, rate, seconds }: { engine: string; rate: number; seconds: number },
): Promise<void> {
  await way.startRelay()
  const total = rate * seconds
  const start = performance.now()
  const writes: Promise<void>[] = []
  for (let written = 0; written < total; written += 1) {
    const wait = start + (written * 1000) / rate - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    writes.push(way.write([written % films]))
  }
  await Promise.all(writes)
  const latencies = await way.arrived(total)
  await way.stopRelay()
  report({
    bench: 'bus',
    name: engine,
    measure: 'flow',
    perSecond: rate,
    events: total,
    p50Ms: rounded(quantile(latencies, 0.5), 3),
    p99Ms: rounded(quantile(latencies, 0.99), 3),
    maxMs: rounded(Math.max(...latencies), 3),
  })
}
