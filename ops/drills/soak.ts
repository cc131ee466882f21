import { appendFile, copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pageVisits } from '../bench/pages/visits.ts'
import { family, pssMb } from '../bench/process.ts'
import { median } from '../bench/report.ts'
import { putSteadyLoad } from '../bench/steady.ts'
import { openStage, type Stage } from '../e2e/stage.ts'
import { type Drill, type DrillOptions, type DrillOutcome, WrongUse } from './drill.ts'

/** Of what the platform can do at the most. */
const share = 0.7
/** Equal parts of the whole time; each begins with a new supergraph, and memory is measured after its end. */
const parts = 30
/** Parts after which memory may grow by no more than that: by then everything has been used and cached. */
const warm = 10
const mostGrowth = 0.05
/** Seconds for which the capacity is looked for, after as many of warming up. */
const trial = 10

/** An option of Node's with which a process runs a module before its own. */
const importing = (module: string) => `--import=data:text/javascript,${encodeURIComponent(module)}`

/**
 * At SIGUSR2 the platform's process collects its garbage. Between two collections of V8's own its memory moves by a fifth,
 * so that a look at any moment says more of the moment than of what the process keeps.
 */
const collector = importing(`
  import { setFlagsFromString } from 'node:v8'
  import { runInNewContext } from 'node:vm'
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  process.on('SIGUSR2', () => collect())`)

/** Keeps 2 MB a second: what the mutation puts into the platform's process. */
const leak = importing('const kept = []; setInterval(() => kept.push(Buffer.alloc(2e6, 1)), 1000).unref()')

/** A long time at steady load, with a new supergraph now and then. */
export const soakDrill: Drill = {
  name: 'soak',
  summary:
    '30 minutes (or --count seconds) at 70 % of capacity with 30 reloads: no error, memory kept grows by less than 5 %',
  async run(options) {
    if (options.mutation !== undefined && options.mutation !== 'leak')
      throw new WrongUse('The mutation is leak.')
    const supergraph = join('dist', `soak-${process.pid}.graphql`)
    await copyFile('schema/supergraph.graphql', supergraph)
    const settings = {
      SAMPLE: 'movielens',
      SUPERGRAPH: supergraph,
      NODE_OPTIONS: options.mutation ? `${collector} ${leak}` : collector,
    }
    try {
      const stage = await openStage({ profile: options.profile, topology: 'standalone', settings })
      try {
        return await drill(options, { stage, supergraph })
      } finally {
        await stage.close()
      }
    } finally {
      await rm(supergraph)
    }
  },
}

async function drill(
  { count = 1800, say }: DrillOptions,
  { stage, supergraph }: { readonly stage: Stage; readonly supergraph: string },
): Promise<DrillOutcome> {
  const { url } = stage
  const visits = await pageVisits(url)
  const bodies = Array.from({ length: 60 }, (_, turn) =>
    visits.map((visit) => visit.bodies[turn % visit.bodies.length] ?? ''),
  ).flat()
  await capacityOf(url, bodies)
  const capacity = await capacityOf(url, bodies)
  const rate = Math.max(1, capacity * share)
  say(`${Math.round(capacity)} pages a second at the most; ${Math.round(rate)} for ${count} s`)
  const [platform] = stage.topology.processes
  const memory: number[] = []
  let sent = 0
  let errors = 0
  let slowest = 0
  for (let part = 1; part <= parts; part++) {
    // Equal in meaning, another text: everything that hangs on the supergraph is made anew.
    await appendFile(supergraph, `# ${part}\n`)
    const result = await putSteadyLoad({ url, bodies, rate, seconds: count / parts })
    sent += result.sent
    errors += result.errors
    slowest = Math.max(slowest, result.p99Ms)
    memory.push(await keptMb(platform?.pid))
    say(
      `${part} of ${parts}: ${result.errors} errors, p99 ${Math.round(result.p99Ms)} ms, ${memory.at(-1)} MB`,
    )
  }
  const before = median(memory.slice(warm, warm + 5))
  const after = median(memory.slice(-5))
  const growth = after / before - 1
  const failures = errors > 0 ? [`${errors} of ${sent} requests failed`] : []
  if (growth > mostGrowth) failures.push(`memory grew from ${before} to ${after} MB`)
  const restarts = platform?.restarts ?? 0
  if (restarts > 0) failures.push(`the platform ended ${restarts} times`)
  const counted = {
    capacity,
    rate,
    errors,
    slowestP99Ms: slowest,
    memoryMb: memory,
    growth: Number(growth.toFixed(4)),
  }
  return { n: sent, counted, failures }
}

/** What a process and its descendants hold in MB once its garbage is collected; the collection has two seconds. */
async function keptMb(pid: number | undefined): Promise<number> {
  if (pid === undefined) throw new Error('The platform does not run')
  process.kill(pid, 'SIGUSR2')
  await delay(2000)
  return Math.round(pssMb(family(pid)))
}

/** Requests a second that eight clients get answered, each asking again at once. */
async function capacityOf(url: string, bodies: readonly string[]): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const until = performance.now() + trial * 1000
  let turn = 0
  const client = async () => {
    while (performance.now() < until) {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body: bodies[turn++ % bodies.length] ?? '',
      })
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: 8 }, client))
  return turn / trial
}
