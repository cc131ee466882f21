import type { Log } from '@movieverse/kit/log'
import { metrics } from '@movieverse/kit/metrics'
import { Gauge } from 'prom-client'
import { PlainHistogram } from '../histogram.ts'
import type { BreakingTransport } from './breaker.ts'
import type { CircuitState } from './circuit.ts'
import { createSubgraphTransport, type SubgraphTransportOptions } from './subgraphs.ts'
import type { FetchObserver } from './telemetry.ts'

const FETCH_SECONDS = 'movieverse_gateway_fetch_seconds'
const CIRCUIT_OPEN = 'movieverse_gateway_circuit_open'

export interface MeasuredTransport extends BreakingTransport {
  /**
   * For `/readyz`: resolves while some subgraph can be asked. One that keeps failing takes its own fields
   * away, not the gateway.
   * @throws Error when every subgraph that was asked so far keeps failing
   */
  readonly check: () => Promise<void>
}

export interface MeasuredTransportOptions extends Omit<SubgraphTransportOptions, 'observer' | 'onCircuit'> {
  readonly log: Log
}

/** The whole way to the subgraphs, with durations and circuits on the process's `/metrics`, outages in its log. */
export function createMeasuredTransport({ log, ...options }: MeasuredTransportOptions): MeasuredTransport {
  const transport = createSubgraphTransport({
    ...options,
    observer: createFetchMetrics(),
    onCircuit(subgraph, state) {
      if (state.phase === 'closed') log.info({ subgraph }, 'a subgraph answers again')
      else log.error({ subgraph, ...state }, 'a subgraph keeps failing and is left alone for now')
    },
  })
  exposeCircuits(transport.circuits)
  return { ...transport, check: () => checkCircuits(transport.circuits()) }
}

/** Durations of fetches by subgraph and outcome, on the process's `/metrics`. */
function createFetchMetrics(): FetchObserver {
  metrics.removeSingleMetric(FETCH_SECONDS)
  const histogram = new PlainHistogram({
    name: FETCH_SECONDS,
    help: 'Time until a subgraph has answered a fetch',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    labelNames: ['subgraph', 'outcome'],
  })
  return { fetched: (subgraph, outcome, seconds) => histogram.series(subgraph, outcome).observe(seconds) }
}

/** Tells of each subgraph's circuit whether it is open (1) or not (0), on the process's `/metrics`. */
function exposeCircuits(circuits: () => ReadonlyMap<string, CircuitState>): void {
  metrics.removeSingleMetric(CIRCUIT_OPEN)
  new Gauge({
    name: CIRCUIT_OPEN,
    help: 'Whether a subgraph is left alone for now, because it keeps failing',
    labelNames: ['subgraph'] as const,
    registers: [metrics],
    collect() {
      for (const [subgraph, { phase }] of circuits()) this.set({ subgraph }, phase === 'closed' ? 0 : 1)
    },
  })
}

async function checkCircuits(circuits: ReadonlyMap<string, CircuitState>): Promise<void> {
  const open = [...circuits].flatMap(([subgraph, state]) =>
    state.phase === 'closed' ? [] : [`${subgraph}: ${state.reason}`],
  )
  if (open.length > 0 && open.length === circuits.size) throw new Error(open.join('; '))
}
