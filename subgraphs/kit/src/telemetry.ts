import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { reasonOf } from './errors.ts'

/** The platform's tracer. Without a registered SDK every span is the API's no-op. */
const tracer = trace.getTracer('movieverse')

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
  return tracer.startActiveSpan(name, { kind: SpanKind.INTERNAL, ...settings }, async (span) => {
    try {
      return await work(span)
    } catch (error) {
      span.recordException(error instanceof Error ? error : reasonOf(error))
      span.setStatus({ code: SpanStatusCode.ERROR, message: reasonOf(error) })
      throw error
    } finally {
      span.end()
    }
  })
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
      const call = (...args: unknown[]): unknown =>
        withSpan(`${name}.store.${String(property)}`, { kind: SpanKind.CLIENT }, async () =>
          Reflect.apply(member, target, args),
        )
      wrapped.set(property, call)
      return call
    },
  })
}
