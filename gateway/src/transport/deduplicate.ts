import type { Cancellation, RequestContext } from '../operation.ts'
import { SignalCancellation } from './cancellation.ts'
import { type SubgraphRequest, type SubgraphResponse, type Transport, TransportError } from './transport.ts'

/** Headers that differ between equal requests and give no rights. */
const NOT_COMPARED = new Set(['x-request-id', 'traceparent', 'tracestate', 'baggage'])

interface Flight {
  readonly response: Promise<SubgraphResponse>
  shared: boolean
}

/**
 * Sends equal queries that are under way at one time once: same service, same text and variables, same
 * viewer, same headers but those that only name the request. Each receiver gets its own copy. One client's
 * leaving does not take the answer from the others.
 */
export function withDeduplication(transport: Transport): Transport {
  const flights = new Map<string, Flight>()
  const unending = new SignalCancellation()

  const join = async (flight: Flight, cancellation: Cancellation): Promise<SubgraphResponse> => {
    const cancelled = Promise.withResolvers<never>()
    const fail = () => cancelled.reject(new TransportError('REQUEST_CANCELLED', 'The request was cancelled.'))
    if (cancellation.cancelled) fail()
    cancellation.add(fail)
    try {
      const response = await Promise.race([flight.response, cancelled.promise])
      return flight.shared ? structuredClone(response) : response
    } finally {
      cancellation.remove(fail)
    }
  }

  return {
    send(request, context) {
      if (request.operation.kind !== 'query') return transport.send(request, context)
      const key = keyOf(request, context)
      const known = flights.get(key)
      if (known) {
        known.shared = true
        return join(known, request.cancellation)
      }
      const land = () => void flights.delete(key)
      const response = transport.send({ ...request, cancellation: unending }, context)
      response.then(land, land)
      const flight: Flight = { response, shared: false }
      flights.set(key, flight)
      return join(flight, request.cancellation)
    },
    close: () => transport.close(),
  }
}

function keyOf({ url, operation, variables }: SubgraphRequest, context: RequestContext): string {
  return `${url}\n${operation.head}${variables}\n${requesterKey(context)}`
}

/** What of a request's sender an answer may depend on: the viewer, and the headers that every fetch carries. */
export function requesterKey({ viewer, headers }: RequestContext): string {
  const compared = Object.entries(headers).filter(([name]) => !NOT_COMPARED.has(name.toLowerCase()))
  return JSON.stringify([viewer, compared])
}
