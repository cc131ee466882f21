import type { Cancellation, RequestContext } from '../operation.ts'

/** An operation that a plan sends to a subgraph. One object for all its requests: transports cache by its identity. */
export interface SubgraphOperation {
  readonly text: string
  readonly name: string | undefined
  /** Only queries are sent again when something of them may have arrived. */
  readonly kind: 'query' | 'mutation'
  /** The request body up to the value of `variables`: `{"query":"…","variables":` */
  readonly head: string
}

export interface SubgraphRequest {
  readonly service: string
  /** Where the supergraph says that the service is. */
  readonly url: string
  readonly operation: SubgraphOperation
  /** JSON text of an object. */
  readonly variables: string
  /** Shared by all fetches of a client's request. */
  readonly cancellation: Cancellation
}

/** What a subgraph answered. It belongs to the receiver, who may change it. */
export interface SubgraphResponse {
  readonly data?: Record<string, unknown> | null
  readonly errors?: readonly SubgraphError[]
}

export interface SubgraphError {
  readonly message: string
  readonly path?: readonly (string | number)[] | undefined
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
}

/** The way to the subgraphs. */
export interface Transport {
  /**
   * Resolves with the subgraph's answer, its GraphQL errors included.
   * Stops when the request's cancellation says so.
   * @throws TransportError when there is no answer that could be used
   */
  send(request: SubgraphRequest, context: RequestContext): Promise<SubgraphResponse>
  /** Ends idle connections and lets the busy ones finish. */
  close(): Promise<void>
}

export type TransportErrorCode =
  /** No connection, a connection that broke before the answer, or a circuit that is open. */
  | 'SERVICE_UNAVAILABLE'
  /** No answer within the fetch's deadline. */
  | 'SUBREQUEST_TIMEOUT'
  /** A status other than 2xx without a GraphQL answer; `status` has it. */
  | 'SUBREQUEST_HTTP_ERROR'
  /** Neither JSON nor a GraphQL answer. */
  | 'SUBREQUEST_MALFORMED_RESPONSE'
  | 'RESPONSE_TOO_LARGE'
  /** The client went or the request's own deadline passed. */
  | 'REQUEST_CANCELLED'

/** A fetch that gave nothing. The message may be shown to clients: it names no address. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  /** True when the subgraph cannot have begun to answer: a query may be sent again. */
  readonly connectionLost: boolean
  /** True when nothing of the request was sent, or it was refused unread: whatever it is, it may be sent again. */
  readonly unsent: boolean
  readonly status: number | undefined

  constructor(
    readonly code: TransportErrorCode,
    message: string,
    options: ErrorOptions & {
      readonly connectionLost?: boolean
      readonly unsent?: boolean
      readonly status?: number
    } = {},
  ) {
    super(message, options)
    this.connectionLost = options.connectionLost ?? false
    this.unsent = options.unsent ?? false
    this.status = options.status
  }
}

export function subgraphOperation(
  text: string,
  name: string | undefined,
  kind: 'query' | 'mutation',
): SubgraphOperation {
  const operationName = name === undefined ? '' : `,"operationName":${JSON.stringify(name)}`
  return { text, name, kind, head: `{"query":${JSON.stringify(text)}${operationName},"variables":` }
}
