import type { RunnableRequest } from '../documents/requests.ts'
import type { RequestContext } from '../operation.ts'
import { SignalCancellation } from '../transport/cancellation.ts'
import { requesterKey } from '../transport/deduplicate.ts'
import type { Outcome } from './faults.ts'

/** Runs a request, or joins an equal one that is under way. */
export type Sharing = (
  request: RunnableRequest,
  context: RequestContext,
  run: (context: RequestContext) => Promise<Outcome>,
) => Promise<Outcome>

/**
 * Runs equal queries that are under way at one time once, and writes their answer once: same document, operation and
 * variables, same supergraph, same viewer, same headers but those that only name the request. One client's leaving does
 * not take the answer from the others; each is told in its own time when the answer is late. An error that names a
 * request id names that of the first.
 */
export function createSharing(): Sharing {
  const flights = new Map<string, { readonly request: RunnableRequest; readonly outcome: Promise<Outcome> }>()
  const unending = new SignalCancellation()

  return (request, context, run) => {
    const { operation, variables, documents } = request
    if (operation.operation.type !== 'query') return run(context)
    const key = `${operation.operation.id}\n${JSON.stringify(variables)}\n${requesterKey(context)}`
    const known = flights.get(key)
    if (known?.request.documents === documents) return known.outcome
    const outcome = run({ ...context, cancellation: unending }).then((ran) => ({
      ...ran,
      text: JSON.stringify(ran.result),
    }))
    const flight = { request, outcome }
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key)
    }
    outcome.then(land, land)
    flights.set(key, flight)
    return outcome
  }
}
