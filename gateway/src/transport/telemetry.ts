import { context as active, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { RequestContext } from '../operation.ts'
import { type SubgraphRequest, type SubgraphResponse, type Transport, TransportError } from './transport.ts'

/** Told of each fetch when it is over. */
export interface FetchObserver {
  /**
   * @param outcome `ok`, or the code of the TransportError
   * @param seconds from sending to the whole answer
   */
  fetched(service: string, outcome: string, seconds: number): void
}

const tracer = trace.getTracer('movieverse')

/** A client span for each fetch, which the subgraph's spans continue, and its duration for the metrics. */
export function withTelemetry(transport: Transport, observer?: FetchObserver): Transport {
  const traced = (request: SubgraphRequest, context: RequestContext): Promise<SubgraphResponse> => {
    const span = tracer.startSpan('subgraph.fetch', { kind: SpanKind.CLIENT })
    // Without an SDK that records there is nothing to add to the request.
    if (!span.isRecording()) return transport.send(request, context)
    span.setAttributes({
      'movieverse.subgraph': request.service,
      'graphql.operation.name': request.operation.name,
      'graphql.operation.type': request.operation.kind,
    })
    const headers = { ...context.headers, traceparent: traceparentOf(span) }
    const inside = trace.setSpan(active.active(), span)
    return ended(
      span,
      active.with(inside, () => transport.send(request, { ...context, headers })),
    )
  }

  const send = observer ? observed(traced, observer) : traced
  return { send, close: () => transport.close() }
}

/** https://www.w3.org/TR/trace-context/, version 00 */
function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

function ended(span: Span, answer: Promise<SubgraphResponse>): Promise<SubgraphResponse> {
  return answer.then(
    (response) => {
      if (response.errors !== undefined) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
      return response
    },
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      span.setStatus({ code: SpanStatusCode.ERROR, message })
      span.end()
      throw error
    },
  )
}

function observed(send: Transport['send'], observer: FetchObserver): Transport['send'] {
  return (request, context) => {
    const start = performance.now()
    const seconds = () => (performance.now() - start) / 1_000
    return send(request, context).then(
      (response) => {
        observer.fetched(request.service, 'ok', seconds())
        return response
      },
      (error: unknown) => {
        const outcome = error instanceof TransportError ? error.code : 'INTERNAL_SERVER_ERROR'
        observer.fetched(request.service, outcome, seconds())
        throw error
      },
    )
  }
}
