import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '@movieverse/kit/log'
import { isTracing, withSpan } from '@movieverse/kit/telemetry'
import { activeTraceparent, contextOf as traceOf } from '@movieverse/kit/trace-context'
import { context as openTelemetry, type Span, SpanKind } from '@opentelemetry/api'
import type { Authentication } from '../auth/authentication.ts'
import type { Admission } from '../limits/admission.ts'
import { readBody } from './body.ts'
import { refuseForgery } from './csrf.ts'
import { Exchange, type ExchangeDependencies } from './exchange.ts'
import { RequestFault } from './faults.ts'
import { acceptedMediaType, type MediaType } from './negotiation.ts'
import { contextOf, requestId, traceparentOf } from './request.ts'
import { type Runner, requestsOf } from './runner.ts'

export interface GraphQLEndpointDependencies extends Omit<ExchangeDependencies, 'onLost'> {
  readonly runner: Runner
  /** Null: everybody is signed out, and tokens are not looked at. */
  readonly authentication: Authentication | null
  readonly admission: Admission
  readonly maxBodyBytes: number
  readonly maxBatch: number
  readonly log: Log
}

function checkContentType(request: IncomingMessage): void {
  const header = request.headers['content-type'] ?? ''
  if (header === 'application/json') return
  const [type = '', ...parameters] = header.toLowerCase().split(';')
  const charset = parameters
    .find((parameter) => parameter.trim().startsWith('charset='))
    ?.trim()
    .slice(8)
  if (type.trim() === 'application/json' && (charset === undefined || /^"?utf-?8"?$/.test(charset))) return
  throw new RequestFault('UNSUPPORTED_MEDIA_TYPE', 'Requests are taken as application/json in UTF-8.', {
    headers: { accept: 'application/json' },
  })
}

function negotiate({ headers }: IncomingMessage): MediaType {
  const mediaType = acceptedMediaType(headers.accept)
  if (mediaType) return mediaType
  throw new RequestFault(
    'NOT_ACCEPTABLE',
    'Answers come as application/graphql-response+json or application/json.',
  )
}

/** Status of well-formed requests: by the outcome in the new media type, 200 in the old one (GraphQL over HTTP §6.4). */
function statusOf({ mediaType, isBatch, outcomes: [outcome] }: Exchange): number {
  if (isBatch || outcome === undefined) return 200
  return mediaType === 'application/json' && outcome.status < 500 ? 200 : outcome.status
}

function bodyOf({ isBatch, outcomes }: Exchange): string {
  const texts = outcomes.map(({ text, result }) => text ?? JSON.stringify(result))
  return isBatch ? `[${texts.join(',')}]` : (texts[0] ?? '')
}

/** Answers a GraphQL request of a client at this address; rejects only when its answer cannot be written. */
export type GraphQLEndpoint = (
  request: IncomingMessage,
  response: ServerResponse,
  address: string | undefined,
) => Promise<void>

/** Answers GraphQL requests over HTTP (https://graphql.github.io/graphql-over-http/draft/, 2025). */
export function createGraphQLEndpoint(dependencies: GraphQLEndpointDependencies): GraphQLEndpoint {
  const { runner, authentication, admission, cors, deadlines, metrics, logAccess, log } = dependencies
  const { maxBodyBytes, maxBatch } = dependencies
  const onLost = (error: unknown, id: string) =>
    log.error({ err: error, requestId: id }, 'a late request could not be answered')
  const front: ExchangeDependencies = { cors, deadlines, metrics, logAccess, onLost }

  /** Runs what is asked. @throws RequestFault for what is not run */
  async function run(exchange: Exchange): Promise<void> {
    const { request, client, deadline } = exchange
    admission.byAddress(client.address, 1)
    refuseForgery(request)
    exchange.mediaType = negotiate(request)
    const isGet = request.method === 'GET'
    if (!isGet) checkContentType(request)
    const body = isGet ? null : await readBody(request, maxBodyBytes)
    const requests = requestsOf(request, body, maxBatch)
    exchange.isBatch = requests.isBatch
    const others = requests.items.length - 1
    if (others > 0) admission.byAddress(client.address, others)
    const { authorization } = request.headers
    if (authentication !== null && authorization !== undefined)
      exchange.viewer = await authentication.viewerOf(authorization)
    const { viewer } = exchange
    admission.byUser(viewer, client.address, requests.items.length)
    const context = contextOf(request, client, { viewer, deadline })
    exchange.outcomes = await runner.run(requests, { viewer, queriesOnly: isGet, context })
  }

  function faultOf(error: unknown, id: string): RequestFault {
    if (error instanceof RequestFault) {
      if (error.cause !== undefined)
        log.warn({ err: error.cause, requestId: id, code: error.code }, error.message)
      return error
    }
    log.error({ err: error, requestId: id }, 'request failed')
    return new RequestFault('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.', {
      extensions: { requestId: id },
    })
  }

  async function serve(exchange: Exchange): Promise<void> {
    let body: string
    try {
      await run(exchange)
      body = bodyOf(exchange)
    } catch (error) {
      await exchange.fail(faultOf(error, exchange.client.id))
      return
    }
    const writing = exchange.answer(statusOf(exchange), body)
    if (writing !== undefined) await writing
  }

  return (request, response, address) => {
    const incoming = traceparentOf(request)
    const id = requestId(request)
    const open = (traceparent: string | undefined) =>
      new Exchange(front, { id, address, traceparent }, request, response)
    if (!isTracing()) return serve(open(incoming))
    const settings = { kind: SpanKind.SERVER, attributes: { 'movieverse.request_id': id } }
    return openTelemetry.with(traceOf(incoming), () =>
      withSpan(`${request.method} /graphql`, settings, async (span) => {
        const exchange = open(activeTraceparent() ?? incoming)
        await serve(exchange)
        describe(span, exchange)
      }),
    )
  }
}

function describe(span: Span, { outcomes: [outcome] }: Exchange): void {
  if (outcome?.operation === undefined) return
  const { type, name } = outcome.operation
  span.setAttribute('graphql.operation.type', type)
  if (name !== undefined) span.setAttribute('graphql.operation.name', name)
}
