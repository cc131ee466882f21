import { generator, type Measurement } from '../measure.ts'
import { type Frame, sharesBy } from '../profile.ts'
import { median, report, rounded, say } from '../report.ts'

/** The gateway must have been the bottleneck, or the figure says how fast the load generator is. */
const LEAST_BUSY = 0.95

/** One measurement of one subject. */
export interface Run {
  readonly name: string
  readonly query: string
  readonly dedupe: boolean
  readonly start: number
  readonly round: number
  /** Requests that reached the subgraphs for one request of a client. */
  readonly fetches: number | undefined
  readonly measurement: Measurement
}

/** Why a run does not count; undefined when it does. */
function discarded({ measurement: { busy, errors } }: Run): string | undefined {
  if (errors > 0) return `${errors} requests failed`
  return busy < LEAST_BUSY ? `the core was only ${Math.round(busy * 100)} % busy` : undefined
}

/** A row for one run, with the reason when it is thrown away. */
export function reportRun(run: Run): void {
  const { name, query, dedupe, start, round } = run
  const row = { bench: 'gateway', name, query, dedupe, start, round, ...figures([run]), generator }
  report({ ...row, discarded: discarded(run) })
}

/** The median row of each subject over the runs that count, and how it compares with Apollo's. */
export function reportSummary(runs: readonly Run[]): void {
  const kept = Map.groupBy(
    runs.filter((run) => discarded(run) === undefined),
    (run) => run.name,
  )
  for (const [name, group] of Map.groupBy(runs, (run) => run.name)) {
    const counted = kept.get(name) ?? []
    const { query, dedupe } = group[0] ?? {}
    const spread = counted.map((run) => run.measurement.rps)
    const row = { bench: 'gateway', name, query, dedupe, start: 'median', ...figures(counted) }
    if (counted.length === 0) {
      report({ bench: 'gateway', name, query, dedupe, start: 'median', runs: 0, thrownAway: group.length })
      continue
    }
    const range = { rpsLowest: rounded(Math.min(...spread)), rpsHighest: rounded(Math.max(...spread)) }
    report({ ...row, ...range, runs: counted.length, thrownAway: group.length - counted.length })
  }
  const apollo = medianOf(kept.get('apollo') ?? [], (m) => m.rps)
  if (Number.isNaN(apollo)) return
  const apolloCpu = medianOf(kept.get('apollo') ?? [], (m) => m.cpuMsPerRequest)
  for (const [name, group] of kept) {
    const { query, dedupe } = group[0] ?? {}
    const ratioToApollo = rounded(medianOf(group, (m) => m.rps) / apollo, 3)
    const cpuRatioToApollo = rounded(apolloCpu / medianOf(group, (m) => m.cpuMsPerRequest), 3)
    report({ bench: 'gateway', name, query, dedupe, ratioToApollo, cpuRatioToApollo })
  }
}

function medianOf(runs: readonly Run[], figure: (measurement: Measurement) => number): number {
  return median(runs.map((run) => figure(run.measurement)))
}

function figures(runs: readonly Run[]) {
  return {
    rps: rounded(medianOf(runs, (m) => m.rps)),
    p50Ms: rounded(medianOf(runs, (m) => m.p50Ms)),
    p99Ms: rounded(medianOf(runs, (m) => m.p99Ms)),
    cpuMsPerRequest: rounded(
      medianOf(runs, (m) => m.cpuMsPerRequest),
      3,
    ),
    rssMb: Math.round(medianOf(runs, (m) => m.rssMb)),
    busy: rounded(
      medianOf(runs, (m) => m.busy),
      3,
    ),
    fetches: runs[0]?.fetches,
  }
}

/** Where a gateway spends its time: shares by package or source file, and the functions that take most. */
export function reportProfile(name: string, frames: readonly Frame[]): void {
  const parts = sharesBy(
    frames,
    ({ source }) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(source)?.[0] ?? source,
  )
  report({ bench: 'gateway-profile', name, parts: JSON.stringify(parts) })
  const busy = frames.filter((frame) => frame.name !== '(idle)')
  const total = busy.reduce((sum, frame) => sum + frame.milliseconds, 0)
  for (const { source, name: functionName, milliseconds } of busy.slice(0, 60))
    say(`${((milliseconds / total) * 100).toFixed(2).padStart(6)} %  ${functionName}  ${source}`)
}
