import { isTracing, tracedStore, withSpan } from '@movieverse/kit/telemetry'
import { executeOn } from '@movieverse/kit/testing/execute'
import { activeTraceparent, contextOf } from '@movieverse/kit/trace-context'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterEach, describe, expect, test } from 'vitest'
import { createShelf } from './shelf.ts'

const store = {
  size: 3,
  find: async (id: number) => ({ id }),
  fail: async () => {
    throw new Error('no such table')
  },
}

test('without an SDK nothing is traced, and all works the same', async () => {
  expect(isTracing()).toBe(false)
  expect(await withSpan('work', {}, async (span) => span.isRecording())).toBe(false)
  const traced = tracedStore('shelf', store)
  expect([await traced.find(1), traced.size]).toEqual([{ id: 1 }, 3])
  expect(activeTraceparent()).toBeUndefined()
})

describe('with an SDK', () => {
  const exporter = new InMemorySpanExporter()

  function register(): void {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    )
  }
  afterEach(() => {
    exporter.reset()
    trace.disable()
    context.disable()
  })

  const spans = () =>
    exporter.getFinishedSpans().map((span) => ({ name: span.name, error: span.status.message, span }))

  test('resolver entries and store calls are spans of one trace, under the caller’s', async () => {
    register()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await context.with(contextOf(traceparent), async () => {
      await executeOn(createShelf(), { query: '{ book(id: 1) { title } books { totalCount } }' })
      await withSpan('Query.other', {}, () => tracedStore('shelf', store).find(1))
    })
    expect(
      spans()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['Query.book', 'Query.books', 'Query.other', 'shelf.store.find'])
    const traces = new Set(spans().map(({ span }) => span.spanContext().traceId))
    expect([...traces]).toEqual(['0af7651916cd43dd8448eb211c80319c'])
    const other = spans().find(({ name }) => name === 'Query.other')
    const find = spans().find(({ name }) => name === 'shelf.store.find')
    expect(find?.span.parentSpanContext?.spanId).toBe(other?.span.spanContext().spanId)
  })

  test('a failure is recorded in its span and passed on', async () => {
    register()
    await expect(tracedStore('shelf', store).fail()).rejects.toThrow('no such table')
    expect(spans()).toMatchObject([{ name: 'shelf.store.fail', error: 'no such table' }])
  })

  test('the active span travels as a traceparent', async () => {
    register()
    const sent = await withSpan('fetch', {}, async () => activeTraceparent())
    expect(sent).toBe(
      `00-${spans()[0]?.span.spanContext().traceId}-${spans()[0]?.span.spanContext().spanId}-01`,
    )
  })
})
