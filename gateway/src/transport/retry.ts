import { type SubgraphRequest, type Transport, TransportError } from './transport.ts'

/**
 * Sends a request again when the connection was lost: a query when the subgraph had not begun to answer, a mutation only
 * when nothing of it had been sent. The transport asks another process then, where there is one.
 * @param processes how many processes a subgraph has: so often is a request sent again, so that all but one may be gone
 */
export function withRetry(transport: Transport, processes: (service: string) => number = () => 1): Transport {
  return {
    send(request, context) {
      const again = (error: unknown, retries: number): ReturnType<Transport['send']> => {
        if (retries === processes(request.service) || !mayGoAgain(error, request)) throw error
        return transport.send(request, context).catch((next: unknown) => again(next, retries + 1))
      }
      return transport.send(request, context).catch((error: unknown) => again(error, 0))
    },
    close: () => transport.close(),
  }
}

function mayGoAgain(error: unknown, { operation, cancellation }: SubgraphRequest): boolean {
  if (!(error instanceof TransportError) || cancellation.cancelled) return false
  return error.unsent || (error.connectionLost && operation.kind === 'query')
}
