import { Circuit, type CircuitSettings, type CircuitState, defaultCircuit } from './circuit.ts'
import { type Transport, TransportError } from './transport.ts'

export interface BreakingTransport extends Transport {
  /** Every subgraph that was asked so far. */
  circuits(): ReadonlyMap<string, CircuitState>
}

/** Told when a subgraph's circuit opens, and when it closes again. */
export type CircuitObserver = (service: string, state: CircuitState) => void

/** Refuses fetches to a subgraph that keeps failing, at once and with SERVICE_UNAVAILABLE. */
export function withBreaker(
  transport: Transport,
  settings: Partial<CircuitSettings> = {},
  onCircuit?: CircuitObserver,
): BreakingTransport {
  const circuits = new Map<string, Circuit>()

  const circuitOf = (service: string): Circuit => {
    let circuit = circuits.get(service)
    if (!circuit) {
      const onChange = (state: CircuitState) => onCircuit?.(service, state)
      circuit = new Circuit({ ...defaultCircuit, ...settings }, { onChange })
      circuits.set(service, circuit)
    }
    return circuit
  }

  return {
    send(request, context) {
      const circuit = circuitOf(request.service)
      if (!circuit.admits()) {
        return Promise.reject(
          new TransportError('SERVICE_UNAVAILABLE', 'The service keeps failing and is not asked for now.'),
        )
      }
      return transport.send(request, context).then(
        (response) => {
          circuit.succeeded()
          return response
        },
        (error: unknown) => {
          if (saysServiceIsIll(error)) circuit.failed(reasonFor(error))
          else if (error instanceof TransportError && error.code !== 'REQUEST_CANCELLED') circuit.succeeded()
          else circuit.abandoned()
          throw error
        },
      )
    },
    circuits: () => new Map([...circuits].map(([service, circuit]) => [service, circuit.state])),
    close: () => transport.close(),
  }
}

/** For operators: with the address that a client must not see. */
function reasonFor({ message, cause }: TransportError): string {
  return cause instanceof Error ? `${message} (${cause.message})` : message
}

/** A service that refuses one request (4xx, an answer too large) is well. */
function saysServiceIsIll(error: unknown): error is TransportError {
  if (!(error instanceof TransportError)) return false
  switch (error.code) {
    case 'SERVICE_UNAVAILABLE':
    case 'SUBREQUEST_TIMEOUT':
    case 'SUBREQUEST_MALFORMED_RESPONSE':
      return true
    case 'SUBREQUEST_HTTP_ERROR':
      return error.status === undefined || error.status >= 500
    default:
      return false
  }
}
