import { keptConnectionMs } from '@movieverse/kit/drain'
import { Pool } from 'undici'
import { TransportError } from './transport.ts'

/** One process of a subgraph. */
export class Upstream {
  readonly pool: Pool
  readonly path: string
  #restsUntil = 0

  constructor(pool: Pool, path: string) {
    this.pool = pool
    this.path = path
  }

  /** Leaves it alone for a while, since it says that it goes or cannot be reached. */
  rest(): void {
    this.#restsUntil = performance.now() + restMs
  }

  get restsUntil(): number {
    return this.#restsUntil
  }
}

/** Milliseconds: a process that is gone is asked again that often, which costs the request that asks one more try. */
const restMs = 1_000

/** Connections to the processes of all subgraphs. */
export interface Upstreams {
  /**
   * The process whose turn it is of those at these addresses: of those that rest only when all do.
   * @throws TransportError SERVICE_UNAVAILABLE for an address that is none
   */
  next(urls: readonly string[]): Upstream
  close(): Promise<void>
}

export interface UpstreamSettings {
  /** For each process. */
  readonly connections: number
  readonly connectTimeoutMs: number
}

export function createUpstreams({ connections, connectTimeoutMs }: UpstreamSettings): Upstreams {
  const pools = new Map<string, Pool>()
  const known = new Map<string, Upstream>()
  let turn = 0

  const poolOf = (origin: string): Pool => {
    let pool = pools.get(origin)
    if (!pool) {
      // The fetch's own deadline is the one that counts.
      pool = new Pool(origin, {
        connections,
        pipelining: 1,
        allowH2: false,
        keepAliveTimeout: keptConnectionMs,
        keepAliveMaxTimeout: keptConnectionMs,
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: connectTimeoutMs },
      })
      pools.set(origin, pool)
    }
    return pool
  }

  const upstreamOf = (url: string): Upstream => {
    let upstream = known.get(url)
    if (!upstream) {
      if (!URL.canParse(url)) throw new TransportError('SERVICE_UNAVAILABLE', 'The service has no address.')
      const { origin, pathname, search } = new URL(url)
      upstream = new Upstream(poolOf(origin), pathname + search)
      known.set(url, upstream)
    }
    return upstream
  }

  return {
    next(urls) {
      const [only = ''] = urls
      if (urls.length <= 1) return upstreamOf(only)
      turn = (turn + 1) % 1_000_000_007
      const now = performance.now()
      let first: Upstream | undefined
      for (let step = 0; step < urls.length; step++) {
        const upstream = upstreamOf(urls[(turn + step) % urls.length] ?? '')
        if (upstream.restsUntil <= now) return upstream
        if (!first || upstream.restsUntil < first.restsUntil) first = upstream
      }
      return first ?? upstreamOf(only)
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()))
    },
  }
}
