import {
  type Attributes,
  type Context,
  INVALID_SPAN_CONTEXT,
  ProxyTracerProvider,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { reasonOf } from './errors.ts'

/** The platform's tracer. Without a registered SDK every span is the API's no-op. */
const tracer = trace.getTracer('movieverse')

/** What work gets for a span while none is recorded. */
const noSpan: Span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT)

/** Whether an OpenTelemetry SDK is registered. Without one nothing is spent on spans: not even a context is made. */
export function isTracing(): boolean {
  const provider = trace.getTracerProvider()
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('movieverse') !== undefined
}

export interface SpanSettings {
  readonly kind?: SpanKind
  readonly attributes?: Attributes
}

/** Runs `work` in a span that is the parent of whatever it starts; a rejection is recorded and passed on. */
export function withSpan<T>(
  name: string,
  settings: SpanSettings,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  if (!isTracing()) return work(noSpan)
  return tracer.startActiveSpan(name, { kind: SpanKind.INTERNAL, ...settings }, async (span) => {
    try {
      return await work(span)
    } catch (error) {
      failSpan(span, error)
      throw error
    } finally {
      span.end()
    }
  })
}

/** A span under the context's own, which its maker ends. */
export function startSpan(name: string, settings: SpanSettings, parent: Context): Span {
  return tracer.startSpan(name, settings, parent)
}

/** Records in the span why its work failed. */
export function failSpan(span: Span, error: unknown): void {
  span.recordException(error instanceof Error ? error : reasonOf(error))
  span.setStatus({ code: SpanStatusCode.ERROR, message: reasonOf(error) })
}

/** The store itself, with a span around each of its asynchronous calls: `reviews.store.create`. */
export function tracedStore<Store extends object>(name: string, store: Store): Store {
  const wrapped = new Map<PropertyKey, unknown>()
  return new Proxy(store, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver)
      if (typeof member !== 'function') return member
      const known = wrapped.get(property)
      if (known !== undefined) return known
      const span = `${name}.store.${String(property)}`
      const call = (...args: unknown[]): unknown =>
        isTracing()
          ? withSpan(span, { kind: SpanKind.CLIENT }, async () => Reflect.apply(member, target, args))
          : Reflect.apply(member, target, args)
      wrapped.set(property, call)
      return call
    },
  })
}
