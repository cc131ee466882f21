import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  trace,
} from '@opentelemetry/api'
import { failSpan, isTracing, startSpan, withSpan } from './telemetry.ts'

/** The active span as a W3C `traceparent` (Trace Context, version 00); undefined where there is none. */
export function activeTraceparent(): string | undefined {
  const span = trace.getSpanContext(context.active())
  return span && isSpanContextValid(span) ? traceparentOf(span) : undefined
}

const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`

const traceparentForm = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/

/** A context whose parent is the span that a `traceparent` names; the root context when it names none. */
export function contextOf(traceparent: string | undefined): Context {
  const match = traceparent ? traceparentForm.exec(traceparent) : null
  if (!match) return ROOT_CONTEXT
  const span: SpanContext = {
    traceId: match[1] ?? '',
    spanId: match[2] ?? '',
    traceFlags: Number.parseInt(match[3] ?? '0', 16),
    isRemote: true,
  }
  return isSpanContextValid(span) ? trace.setSpanContext(ROOT_CONTEXT, span) : ROOT_CONTEXT
}

/** A message taken from a broker: the trace it continues and how its span is called. */
export interface TakenMessage {
  readonly span: string
  readonly traceparent: string | undefined
  readonly attributes: Attributes
}

/** Runs `work` in a consumer span that continues the trace of the message's sender. */
export function continueTrace<T>(message: TakenMessage, work: () => Promise<T>): Promise<T> {
  const settings = { kind: SpanKind.CONSUMER, attributes: message.attributes }
  return context.with(contextOf(message.traceparent), () => withSpan(message.span, settings, work))
}

export interface Sending<Message> {
  name(message: Message): string
  attributes(message: Message): Attributes
  send(messages: readonly Message[]): Promise<void>
}

/**
 * Sends messages to a broker, each in a producer span that continues the trace it comes with: it travels on with that
 * span's `traceparent`. Without an SDK they are sent as they are.
 */
export async function sendInTraces<Message extends { readonly traceparent?: string }>(
  messages: readonly Message[],
  { name, attributes, send }: Sending<Message>,
): Promise<void> {
  if (!isTracing()) return send(messages)
  const spans = messages.map((message) =>
    startSpan(
      name(message),
      { kind: SpanKind.PRODUCER, attributes: attributes(message) },
      contextOf(message.traceparent),
    ),
  )
  try {
    await send(
      messages.map((message, index) => {
        const sent = spans[index]?.spanContext()
        return sent && isSpanContextValid(sent) ? { ...message, traceparent: traceparentOf(sent) } : message
      }),
    )
  } catch (error) {
    for (const span of spans) failSpan(span, error)
    throw error
  } finally {
    for (const span of spans) span.end()
  }
}
