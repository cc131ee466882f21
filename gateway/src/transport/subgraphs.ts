import { type BreakingTransport, type CircuitObserver, withBreaker } from './breaker.ts'
import type { CircuitSettings } from './circuit.ts'
import { withDeduplication } from './deduplicate.ts'
import { createHttpTransport, type HttpTransportOptions } from './http.ts'
import { createLocalTransport, type LocalExecutor } from './local.ts'
import { withRetry } from './retry.ts'
import { type FetchObserver, withTelemetry } from './telemetry.ts'
import type { Transport } from './transport.ts'

export interface SubgraphTransportOptions extends HttpTransportOptions {
  /** Subgraphs of this process by name; the others are reached over HTTP. */
  readonly local?: ReadonlyMap<string, LocalExecutor>
  readonly circuit?: Partial<CircuitSettings>
  readonly onCircuit?: CircuitObserver
  /** Share the answers of equal queries under way at one time. Off unless asked for. */
  readonly deduplicate?: boolean
  readonly observer?: FetchObserver
}

/**
 * The whole way to the subgraphs: in memory or over HTTP, with a deadline for each fetch, retries on lost
 * connections, a circuit breaker for each subgraph, spans and durations. It knows no supergraph and
 * serves one after the other.
 */
export function createSubgraphTransport(options: SubgraphTransportOptions = {}): BreakingTransport {
  const { local, circuit, onCircuit, deduplicate, observer, ...http } = options
  const http11 = createHttpTransport(http)
  const inMemory = local && createLocalTransport({ executors: local, timeoutMs: http.timeoutMs })
  const carriers: Transport = {
    send: (request, context) =>
      inMemory && local.has(request.service)
        ? inMemory.send(request, context)
        : http11.send(request, context),
    close: () => http11.close(),
  }
  const processes = (service: string) => Math.max(1, http.addresses?.(service).length ?? 1)
  const retrying = withRetry(withTelemetry(carriers, observer), processes)
  const breaking = withBreaker(retrying, circuit, onCircuit)
  if (!deduplicate) return breaking
  return { ...withDeduplication(breaking), circuits: breaking.circuits }
}
