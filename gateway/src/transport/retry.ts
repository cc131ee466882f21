import { type Transport, TransportError } from './transport.ts'

/** Sends a query once more when the connection was lost before the subgraph began to answer; never a mutation. */
export function withRetry(transport: Transport): Transport {
  return {
    send(request, context) {
      const sent = transport.send(request, context)
      if (request.operation.kind !== 'query') return sent
      return sent.catch((error: unknown) => {
        const again =
          error instanceof TransportError && error.connectionLost && !request.cancellation.cancelled
        if (!again) throw error
        return transport.send(request, context)
      })
    },
    close: () => transport.close(),
  }
}
