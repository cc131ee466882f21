import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '@movieverse/kit/log'
import { withSpan } from '@movieverse/kit/telemetry'
import { activeTraceparent, contextOf as traceOf } from '@movieverse/kit/trace-context'
import type { Viewer } from '@movieverse/kit/viewer'
import { context as openTelemetry, type Span, SpanKind } from '@opentelemetry/api'
import type { Authentication } from '../auth/authentication.ts'
import type { Admission } from '../limits/admission.ts'
import type { GatewayMetrics } from '../metrics.ts'
import type { AccessLog } from './access-log.ts'
import type { Addresses } from './addresses.ts'
import { send } from './answer.ts'
import { readBody } from './body.ts'
import type { Cors } from './cors.ts'
import { refuseForgery } from './csrf.ts'
import type { Deadline, Deadlines } from './deadlines.ts'
import { faultResult, type Outcome, RequestFault } from './faults.ts'
import { acceptedMediaType, type MediaType } from './negotiation.ts'
import { type ClientRequest, contextOf, requestId, traceparentOf } from './request.ts'
import { type Requests, type Runner, requestsOf } from './runner.ts'

export interface GraphQLEndpointDependencies {
  readonly runner: Runner
  readonly addresses: Addresses
  /** Null: everybody is signed out, and tokens are not looked at. */
  readonly authentication: Authentication | null
  readonly admission: Admission
  readonly cors: Cors
  readonly deadlines: Deadlines
  readonly maxBodyBytes: number
  readonly maxBatch: number
  readonly metrics: GatewayMetrics
  readonly logAccess: AccessLog
  readonly log: Log
}

/** What came of a request, up to the moment it is answered. */
interface Progress {
  mediaType: MediaType
  viewer: Viewer | null
  requests: Requests | null
  outcomes: readonly Outcome[]
}

function checkContentType(request: IncomingMessage): void {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';')
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
function statusOf({ mediaType, requests, outcomes }: Progress): number {
  const [outcome] = outcomes
  if (requests?.isBatch || outcome === undefined) return 200
  return mediaType === 'application/json' && outcome.status < 500 ? 200 : outcome.status
}

function bodyOf({ requests, outcomes }: Progress): string {
  return requests?.isBatch
    ? JSON.stringify(outcomes.map(({ result }) => result))
    : JSON.stringify(outcomes[0]?.result)
}

/** Answers GraphQL requests over HTTP (https://graphql.github.io/graphql-over-http/draft/, 2025). */
export function createGraphQLEndpoint(dependencies: GraphQLEndpointDependencies) {
  const { runner, addresses, authentication, admission, cors, deadlines, metrics, logAccess, log } =
    dependencies

  async function answer(
    request: IncomingMessage,
    client: ClientRequest,
    deadline: Deadline,
    progress: Progress,
  ): Promise<void> {
    admission.byAddress(client.address, 1)
    refuseForgery(request)
    progress.mediaType = negotiate(request)
    const isGet = request.method === 'GET'
    if (!isGet) checkContentType(request)
    const body = isGet ? null : await readBody(request, dependencies.maxBodyBytes)
    const requests = requestsOf(request, body, dependencies.maxBatch)
    progress.requests = requests
    const others = requests.items.length - 1
    if (others > 0) admission.byAddress(client.address, others)
    const { authorization } = request.headers
    if (authentication !== null && authorization !== undefined)
      progress.viewer = await authentication.viewerOf(authorization)
    const { viewer } = progress
    admission.byUser(viewer, client.address, requests.items.length)
    const context = contextOf(request, client, { viewer, signal: deadline.signal })
    progress.outcomes = await runner.run(requests, { viewer, queriesOnly: isGet, context })
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

  async function serve(
    request: IncomingMessage,
    response: ServerResponse,
    client: ClientRequest,
    span: Span,
  ): Promise<void> {
    const startedAt = performance.now()
    const progress: Progress = { mediaType: 'application/json', viewer: null, requests: null, outcomes: [] }
    let answered = false

    async function end(status: number, body: string, fault?: RequestFault): Promise<void> {
      if (answered) return
      answered = true
      deadline.clear()
      metrics.inFlight.dec()
      const { viewer, outcomes, requests } = progress
      logAccess({
        requestId: client.id,
        status,
        startedAt,
        outcomes,
        batch: requests?.isBatch ?? false,
        userId: viewer?.userId,
        code: fault?.code,
      })
      const operation = outcomes[0]?.operation
      if (operation && span.isRecording()) {
        span.setAttribute('graphql.operation.type', operation.type)
        if (operation.name !== undefined) span.setAttribute('graphql.operation.name', operation.name)
      }
      const headers = ['x-request-id', client.id, ...cors.headersFor(request)]
      for (const [name, value] of Object.entries(fault?.headers ?? {})) headers.push(name, value)
      await send(request, response, {
        status,
        contentType: `${progress.mediaType}; charset=utf-8`,
        body,
        headers,
      })
    }
    const fail = (fault: RequestFault) => end(fault.status, JSON.stringify(faultResult(fault)), fault)

    metrics.inFlight.inc()
    const deadline = deadlines.start(() => {
      fail(new RequestFault('DEADLINE_EXCEEDED', 'The answer took too long.')).catch((error: unknown) => {
        log.error({ err: error, requestId: client.id }, 'a late request could not be answered')
      })
    })
    response.on('close', () => {
      if (!response.writableFinished) deadline.abort('client-gone')
    })
    let body: string
    try {
      await answer(request, client, deadline, progress)
      body = bodyOf(progress)
    } catch (error) {
      return fail(faultOf(error, client.id))
    }
    await end(statusOf(progress), body)
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const incoming = traceparentOf(request)
    const { method } = request
    const id = requestId(request)
    const address = addresses.clientOf(request)
    await openTelemetry.with(traceOf(incoming), () =>
      withSpan(
        `${method} /graphql`,
        { kind: SpanKind.SERVER, attributes: { 'movieverse.request_id': id } },
        (span) =>
          serve(request, response, { id, address, traceparent: activeTraceparent() ?? incoming }, span),
      ),
    )
  }
}

export type GraphQLEndpoint = ReturnType<typeof createGraphQLEndpoint>
