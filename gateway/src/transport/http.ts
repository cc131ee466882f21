import type { RequestContext } from '../operation.ts'
import { HttpExchange } from './http-exchange.ts'
import { type SubgraphRequest, type SubgraphResponse, type Transport, TransportError } from './transport.ts'
import { createUpstreams } from './upstreams.ts'

type Headers = Readonly<Record<string, string>>

export interface HttpTransportOptions {
  /**
   * Headers of one fetch beside the request's own: the signed identity for that service. Cached by who
   * supplies it; answers without a promise when it can.
   */
  readonly headersFor?: (service: string, context: RequestContext) => Headers | Promise<Headers>
  /**
   * Where the processes of a subgraph answer, whose fetches take turns; by default where the supergraph says.
   */
  readonly addresses?: (service: string) => readonly string[]
  /** Connections for each process. */
  readonly connections?: number
  /** A fetch without a whole answer after so many milliseconds fails. */
  readonly timeoutMs?: number
  /** Larger answers are refused while they stream. */
  readonly maxResponseBytes?: number
}

const CONTENT = ['content-type', 'application/json', 'accept', 'application/json']

/**
 * Subgraphs over HTTP/1.1 with kept-alive connections and no pipelining, where one slow answer would
 * hold up those behind it.
 */
export function createHttpTransport(options: HttpTransportOptions = {}): Transport {
  const { headersFor, addresses, connections = 128 } = options
  const { timeoutMs = 10_000, maxResponseBytes = 10 * 1024 * 1024 } = options
  // Another process may be there to be asked in time.
  const connectTimeoutMs = Math.min(timeoutMs, 2_000)
  const upstreams = createUpstreams({ connections, connectTimeoutMs })
  const targets = new Map<string, readonly string[]>()

  /** Those of the environment, or that of the supergraph. */
  const addressesOf = ({ service, url }: SubgraphRequest): readonly string[] => {
    let urls = targets.get(`${service} ${url}`)
    if (!urls) {
      const given = addresses?.(service) ?? []
      urls = given.length > 0 ? given : [url]
      targets.set(`${service} ${url}`, urls)
    }
    return urls
  }

  const dispatch = (
    request: SubgraphRequest,
    context: RequestContext,
    identity: Headers | undefined,
  ): Promise<SubgraphResponse> =>
    new Promise((resolve, reject) => {
      const { cancellation } = request
      if (cancellation.cancelled) return reject(cancelled())
      const upstream = upstreams.next(addressesOf(request))
      const stop = () => exchange.stop(cancelled())
      const end = () => {
        clearTimeout(timer)
        cancellation.remove(stop)
      }
      const exchange = new HttpExchange(
        {
          resolve: (response) => {
            end()
            resolve(response)
          },
          reject: (error) => {
            end()
            reject(error)
          },
          leave: () => upstream.rest(),
        },
        maxResponseBytes,
      )
      const timer = setTimeout(() => exchange.stop(timedOut(timeoutMs)), timeoutMs)
      cancellation.add(stop)
      const headers = CONTENT.slice()
      append(headers, context.headers)
      if (identity) append(headers, identity)
      const body = `${request.operation.head + request.variables}}`
      upstream.pool.dispatch({ path: upstream.path, method: 'POST', headers, body }, exchange)
    })

  return {
    send(request, context) {
      const identity = headersFor?.(request.service, context)
      return identity instanceof Promise
        ? identity.then((headers) => dispatch(request, context, headers))
        : dispatch(request, context, identity)
    },
    close: () => upstreams.close(),
  }
}

function append(list: string[], headers: Headers): void {
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) list.push(name, value)
  }
}

const cancelled = () => new TransportError('REQUEST_CANCELLED', 'The request was cancelled.')

const timedOut = (timeoutMs: number) =>
  new TransportError('SUBREQUEST_TIMEOUT', `The service did not answer within ${timeoutMs} ms.`)
