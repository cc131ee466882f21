import { Pool } from 'undici'
import type { RequestContext } from '../operation.ts'
import { HttpExchange } from './http-exchange.ts'
import { type SubgraphRequest, type SubgraphResponse, type Transport, TransportError } from './transport.ts'

type Headers = Readonly<Record<string, string>>

export interface HttpTransportOptions {
  /**
   * Headers of one fetch beside the request's own: the signed identity for that service. Cached by who
   * supplies it; answers without a promise when it can.
   */
  readonly headersFor?: (service: string, context: RequestContext) => Headers | Promise<Headers>
  /** Connections for each origin. */
  readonly connections?: number
  /** A fetch without a whole answer after so many milliseconds fails. */
  readonly timeoutMs?: number
  /** Larger answers are refused while they stream. */
  readonly maxResponseBytes?: number
}

interface Target {
  readonly pool: Pool
  readonly path: string
}

const CONTENT = ['content-type', 'application/json', 'accept', 'application/json']

/**
 * Subgraphs over HTTP/1.1 with kept-alive connections and no pipelining, where one slow answer would
 * hold up those behind it.
 */
export function createHttpTransport(options: HttpTransportOptions = {}): Transport {
  const { headersFor, connections = 128, timeoutMs = 10_000, maxResponseBytes = 10 * 1024 * 1024 } = options
  const pools = new Map<string, Pool>()
  const targets = new Map<string, Target>()

  const target = (url: string): Target => {
    const known = targets.get(url)
    if (known) return known
    if (!URL.canParse(url)) throw new TransportError('SERVICE_UNAVAILABLE', 'The service has no address.')
    const { origin, pathname, search } = new URL(url)
    let pool = pools.get(origin)
    if (!pool) {
      // The fetch's own deadline is the one that counts.
      pool = new Pool(origin, {
        connections,
        pipelining: 1,
        allowH2: false,
        keepAliveTimeout: 30_000,
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: timeoutMs },
      })
      pools.set(origin, pool)
    }
    const made = { pool, path: pathname + search }
    targets.set(url, made)
    return made
  }

  const dispatch = (
    request: SubgraphRequest,
    context: RequestContext,
    identity: Headers | undefined,
  ): Promise<SubgraphResponse> =>
    new Promise((resolve, reject) => {
      const { cancellation } = request
      if (cancellation.cancelled) return reject(cancelled())
      const { pool, path } = target(request.url)
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
        },
        maxResponseBytes,
      )
      const timer = setTimeout(() => exchange.stop(timedOut(timeoutMs)), timeoutMs)
      cancellation.add(stop)
      const headers = CONTENT.slice()
      append(headers, context.headers)
      if (identity) append(headers, identity)
      const body = `${request.operation.head + request.variables}}`
      pool.dispatch({ path, method: 'POST', headers, body }, exchange)
    })

  return {
    send(request, context) {
      const identity = headersFor?.(request.service, context)
      return identity instanceof Promise
        ? identity.then((headers) => dispatch(request, context, headers))
        : dispatch(request, context, identity)
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()))
    },
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
