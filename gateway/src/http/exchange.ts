import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Viewer } from '@movieverse/kit/viewer'
import type { GatewayMetrics } from '../metrics.ts'
import type { Access, AccessLog } from './access-log.ts'
import { send } from './answer.ts'
import type { Cors } from './cors.ts'
import type { Deadline, Deadlines, Punctual } from './deadlines.ts'
import { faultResult, type Outcome, RequestFault } from './faults.ts'
import type { MediaType } from './negotiation.ts'
import type { ClientRequest } from './request.ts'

export interface ExchangeDependencies {
  readonly cors: Cors
  readonly deadlines: Deadlines
  readonly metrics: GatewayMetrics
  readonly logAccess: AccessLog
  /** Told when a request whose time was up could not even be answered so. */
  readonly onLost: (error: unknown, requestId: string) => void
}

/** One GraphQL request over HTTP and what came of it so far. It is answered once: by what it asked for or by a fault. */
export class Exchange implements Access, Punctual {
  mediaType: MediaType = 'application/json'
  viewer: Viewer | null = null
  isBatch = false
  outcomes: readonly Outcome[] = []
  status = 0
  /** The code with which the whole request was refused. */
  code: string | undefined
  readonly startedAt = performance.now()
  readonly request: IncomingMessage
  readonly client: ClientRequest
  /** Passes when the time is up, and when the client goes. */
  readonly deadline: Deadline
  readonly #response: ServerResponse
  readonly #front: ExchangeDependencies
  #answered = false

  constructor(
    front: ExchangeDependencies,
    client: ClientRequest,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#front = front
    this.#response = response
    this.client = client
    this.request = request
    this.deadline = front.deadlines.start(this)
    front.metrics.inFlight.inc()
    response.on('close', () => {
      if (!response.writableFinished) this.deadline.abort('client-gone')
    })
  }

  get requestId(): string {
    return this.client.id
  }

  /** @returns nothing when the answer is written already */
  answer(status: number, body: string, fault?: RequestFault): Promise<void> | undefined {
    if (this.#answered) return undefined
    this.#answered = true
    this.status = status
    this.code = fault?.code
    const { cors, metrics, logAccess } = this.#front
    this.deadline.clear()
    metrics.inFlight.dec()
    logAccess(this)
    const headers = ['x-request-id', this.client.id, ...cors.headersFor(this.request)]
    if (fault) for (const [name, value] of Object.entries(fault.headers)) headers.push(name, value)
    const contentType = contentTypes[this.mediaType]
    return send(this.request, this.#response, { status, contentType, body, headers })
  }

  fail(fault: RequestFault): Promise<void> | undefined {
    return this.answer(fault.status, JSON.stringify(faultResult(fault)), fault)
  }

  overdue(): void {
    const late = new RequestFault('DEADLINE_EXCEEDED', 'The answer took too long.')
    this.fail(late)?.catch((error: unknown) => this.#front.onLost(error, this.client.id))
  }
}

const contentTypes: Readonly<Record<MediaType, string>> = {
  'application/json': 'application/json; charset=utf-8',
  'application/graphql-response+json': 'application/graphql-response+json; charset=utf-8',
}
