import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { readResponse } from './response.ts'
import { type SubgraphResponse, TransportError } from './transport.ts'

/** How one request over HTTP ends: exactly one of the first two is called, once. */
export interface Outcome {
  resolve(response: SubgraphResponse): void
  reject(error: TransportError): void
  /** The process cannot be reached, has said that it will end, or does not know the gateway. */
  leave(): void
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Receives one response: refuses it while it streams when it is over the limit, parses it once, and takes
 * any JSON object with `data` or `errors` for a GraphQL answer, whatever its status (GraphQL over HTTP §7).
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined
  #stopped: TransportError | undefined
  #settled = false
  #status = 0
  #first: Buffer | undefined
  #rest: Buffer[] | undefined
  #size = 0

  readonly #outcome: Outcome
  readonly #maxBytes: number

  constructor(outcome: Outcome, maxBytes: number) {
    this.#outcome = outcome
    this.#maxBytes = maxBytes
  }

  /** Ends the exchange with this error, at once even when no connection was free yet. */
  stop(error: TransportError): void {
    if (this.#settled) return
    this.#stopped = error
    this.#reject(error)
    this.#controller?.abort(error)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#stopped) controller.abort(this.#stopped)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status
    if ((headers.connection === 'close' && status < 400) || status === 401) this.#outcome.leave()
    if (Number(headers['content-length']) > this.#maxBytes) this.#refuseSize(controller)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size > this.#maxBytes) this.#refuseSize(controller)
    else if (this.#first === undefined) this.#first = chunk
    else if (this.#rest === undefined) this.#rest = [this.#first, chunk]
    else this.#rest.push(chunk)
  }

  onResponseEnd(): void {
    if (this.#settled) return
    if (this.#status === 401) {
      this.#reject(refused())
      return
    }
    const body = this.#rest ? Buffer.concat(this.#rest, this.#size) : this.#first
    let response: SubgraphResponse | undefined
    try {
      response = body && readResponse(JSON.parse(body.toString()))
    } catch (cause) {
      this.#reject(this.#unusable('The service did not answer with JSON.', cause))
      return
    }
    if (response) {
      this.#settled = true
      this.#outcome.resolve(response)
    } else this.#reject(this.#unusable('The service did not answer with GraphQL.'))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(this.#stopped ?? this.#connectionError(error))
  }

  #refuseSize(controller: Dispatcher.DispatchController): void {
    if (this.#settled) return
    this.#stopped = new TransportError(
      'RESPONSE_TOO_LARGE',
      `The service's answer is larger than ${this.#maxBytes} bytes.`,
    )
    this.#reject(this.#stopped)
    controller.abort(this.#stopped)
  }

  #unusable(message: string, cause?: unknown): TransportError {
    if (this.#status >= 200 && this.#status < 300) {
      return new TransportError('SUBREQUEST_MALFORMED_RESPONSE', message, { cause })
    }
    return new TransportError('SUBREQUEST_HTTP_ERROR', `The service answered with status ${this.#status}.`, {
      cause,
      status: this.#status,
    })
  }

  #connectionError(cause: Error): TransportError {
    const code = 'code' in cause ? String(cause.code) : ''
    const lost = this.#status === 0 && CONNECTION_CODES.has(code)
    if (lost) this.#outcome.leave()
    return new TransportError('SERVICE_UNAVAILABLE', 'The service cannot be reached.', {
      cause,
      connectionLost: lost,
      // undici gives the controller when it begins to write.
      unsent: lost && this.#controller === undefined,
    })
  }

  #reject(error: TransportError): void {
    if (this.#settled) return
    this.#settled = true
    this.#first = undefined
    this.#rest = undefined
    this.#outcome.reject(error)
  }
}

/** Who is asked looks at the identity before the request: nothing of it was done. That says nothing of the client. */
const refused = () =>
  new TransportError('SERVICE_UNAVAILABLE', 'The service does not accept the gateway’s identity.', {
    status: 401,
    unsent: true,
  })
