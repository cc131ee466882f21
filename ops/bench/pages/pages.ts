import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { type Measurement, measure } from '../measure.ts'
import { bindSelf, requireMeasurable, untilIdle } from '../process.ts'
import { selfTimes, startProfile } from '../profile.ts'
import { median, report, rounded, say } from '../report.ts'
import { putSteadyLoad } from '../steady.ts'
import { type Contender, LOAD_CORE, type Stage, setStage } from './stage.ts'
import { timeByPart } from './time.ts'
import { pageVisits, type Visit } from './visits.ts'

interface PageMeasurement extends Measurement {
  readonly postgresMsPerRequest: number
}

interface Settings {
  readonly rounds: number
  readonly seconds: number
  readonly warmUp: number
  readonly connections: number
}

/**
 * `npm run bench -- pages`: the front ends' operations end to end, against the same subgraphs behind stock Apollo, or
 * with `--distributed` against the platform in processes of their own.
 */
export async function benchPages(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      operations: { type: 'string', default: 'home,film,person,genre,profile' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '6' },
      'warm-up': { type: 'string', default: '5' },
      connections: { type: 'string', default: '32' },
      distributed: { type: 'boolean', default: false },
    },
  })
  const settings: Settings = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    warmUp: Number(values['warm-up']),
    connections: Number(values.connections),
  }
  requireMeasurable()
  bindSelf(LOAD_CORE)
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-pages-'))
  try {
    const stage = await setStage(folder, values.distributed ? 'distributed' : 'apollo')
    try {
      const wanted = values.operations.split(',')
      for (const visit of await pageVisits(stage.platform.url))
        if (wanted.includes(visit.operation)) await benchPage(stage, visit, settings)
    } finally {
      await stage.stop()
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function benchPage(stage: Stage, visit: Visit, settings: Settings): Promise<void> {
  const { operation } = visit
  await compareAnswers(stage.contenders, visit)
  for (const contender of stage.contenders)
    await putOn(stage, contender, visit, { ...settings, seconds: settings.warmUp })
  const runs = new Map<string, PageMeasurement[]>()
  for (let round = 1; round <= settings.rounds; round++) {
    for (const contender of stage.contenders) {
      const measurement = await putOn(stage, contender, visit, settings)
      const { name } = contender
      report({ bench: 'pages', name, operation, round, ...figures([measurement]) })
      runs.set(name, [...(runs.get(name) ?? []), measurement])
    }
  }
  for (const [name, measured] of runs)
    report({ bench: 'pages', name, operation, round: 'median', ...figures(measured) })
  const ours = runs.get('movieverse') ?? []
  const rps = medianOf(ours, 'rps')
  for (const [name, measured] of runs) {
    if (measured === ours) continue
    const ratio = rounded(rps / medianOf(measured, 'rps'), 3)
    report({ bench: 'pages', name: 'movieverse', operation, peer: name, ratio })
  }
  // Before the profiler has been at work: what it leaves behind would show in the latencies.
  await reportHalfLoad(stage, visit, settings, rps / 2)
  await reportTime(stage, visit, settings, ours)
}

async function putOn(
  stage: Stage,
  { url, program }: Contender,
  { bodies }: Visit,
  { connections, seconds }: Settings,
): Promise<PageMeasurement> {
  const before = stage.databaseSeconds()
  const measurement = await measure(program, { url, bodies, connections, seconds, core: LOAD_CORE })
  if (measurement.errors > 0) throw new Error(`${measurement.errors} requests to ${url} failed`)
  const postgresMsPerRequest = ((stage.databaseSeconds() - before) * 1000) / measurement.requests
  await untilIdle(program)
  return { ...measurement, postgresMsPerRequest }
}

/** One more load of our own under the profiler; the milliseconds are those of the runs without it. */
async function reportTime(stage: Stage, visit: Visit, settings: Settings, runs: readonly PageMeasurement[]) {
  const [ours] = stage.contenders
  if (ours === undefined) return
  const profiling = await startProfile(stage.platform.program.pid, stage.inspectorPort)
  await putOn(stage, ours, visit, settings)
  const frames = selfTimes(await profiling.stop())
  const time = timeByPart(frames, medianOf(runs, 'cpuMsPerRequest'), medianOf(runs, 'postgresMsPerRequest'))
  report({ bench: 'pages-time', name: 'movieverse', operation: visit.operation, ...time })
  for (const { source, name, milliseconds } of frames.slice(0, 40))
    say(`${String(Math.round(milliseconds)).padStart(6)} ms  ${name}  ${source}`)
}

async function reportHalfLoad(
  { platform, contenders: [, ...peers] }: Stage,
  { operation, bodies }: Visit,
  settings: Settings,
  rate: number,
) {
  const load = { url: platform.url, bodies, rate }
  // The peer shares the core, and collects its garbage of minutes ago when it has nothing else to do.
  for (const peer of peers) peer.program.signal('SIGSTOP')
  await putSteadyLoad({ ...load, seconds: settings.warmUp })
  const { p50Ms, p99Ms, errors, sent } = await putSteadyLoad({ ...load, seconds: settings.seconds * 2 })
  for (const peer of peers) peer.program.signal('SIGCONT')
  const latencies = { p50Ms: rounded(p50Ms), p99Ms: rounded(p99Ms) }
  report({
    bench: 'pages-half-load',
    name: 'movieverse',
    operation,
    rate: rounded(rate),
    sent,
    ...latencies,
    errors,
  })
}

/** @throws Error when the contenders answer a page differently, or with errors */
async function compareAnswers(contenders: readonly Contender[], { operation, bodies }: Visit): Promise<void> {
  for (const body of bodies) {
    const answers = await Promise.all(contenders.map(({ url }) => ask(url, body)))
    if (answers.some((answer) => answer.includes('"errors"')))
      throw new Error(
        `${operation} is answered with errors: ${answers.map((text) => text.slice(0, 300)).join('\n')}`,
      )
    const [first, ...others] = answers.map((text): unknown => JSON.parse(text))
    if (!others.every((other) => isDeepStrictEqual(other, first)))
      throw new Error(`${operation}: answers differ for ${body}`)
  }
}

async function ask(url: string, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body })
  return response.text()
}

function medianOf(runs: readonly PageMeasurement[], figure: keyof PageMeasurement): number {
  return median(runs.map((run) => run[figure]))
}

function figures(runs: readonly PageMeasurement[]) {
  return {
    rps: rounded(medianOf(runs, 'rps')),
    p50Ms: rounded(medianOf(runs, 'p50Ms')),
    p99Ms: rounded(medianOf(runs, 'p99Ms')),
    cpuMsPerRequest: rounded(medianOf(runs, 'cpuMsPerRequest'), 3),
    postgresMsPerRequest: rounded(medianOf(runs, 'postgresMsPerRequest'), 3),
    rssMb: Math.round(medianOf(runs, 'rssMb')),
    busy: rounded(medianOf(runs, 'busy'), 3),
  }
}
