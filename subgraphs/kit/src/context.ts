import type { Viewer } from './viewer.ts'

/** What a resolver knows of the request it serves. Made anew for every subgraph request, in memory or over HTTP. */
export interface SubgraphContext {
  readonly requestId: string
  /** Null when the client is signed out, and for requests of another service. */
  readonly viewer: Viewer | null
  /** Name of the service that asks on its own behalf (a consumer reading entities); undefined for a client's request. */
  readonly service: string | undefined
  /** The client's address as the gateway saw it. */
  readonly clientAddress: string | undefined
  readonly userAgent: string | undefined
  readonly signal: AbortSignal
  /**
   * The request's own instance of what `make` makes (DataLoaders above all), one per `key`.
   * @example context.once(moviesById, () => new DataLoader(…))
   */
  once<T>(key: symbol, make: () => T): T
}
