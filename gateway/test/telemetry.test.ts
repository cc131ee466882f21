import { metrics } from '@movieverse/kit/metrics'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Histogram, Registry } from 'prom-client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PlainHistogram } from '../src/histogram.ts'
import { type RunningGateway, startGateway } from './running.ts'
import { type Subgraphs, startSubgraphs } from './subgraphs.ts'

let subgraphs: Subgraphs
let running: RunningGateway

beforeAll(async () => {
  subgraphs = await startSubgraphs({
    words: { sdl: 'type Query { echo: String! }', resolvers: { Query: { echo: () => 'e' } } },
  })
  running = await startGateway(subgraphs.supergraph)
})
afterAll(async () => {
  await running?.close()
  await subgraphs?.close()
})

const traceId = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${traceId}-b7ad6b7169203331-01`

describe('the trace of a request', () => {
  afterEach(() => {
    subgraphs.fetches.length = 0
  })

  it('is handed on as it came where nothing records', async () => {
    await running.ask('{ echo }', undefined, { traceparent })
    expect(subgraphs.fetches[0]?.headers.traceparent).toBe(traceparent)
  })

  it('is continued by a span that names the operation, and that the subgraphs continue', async () => {
    const exporter = new InMemorySpanExporter()
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    )
    try {
      await running.ask('query Words { echo }', undefined, { traceparent })
      const [span] = exporter.getFinishedSpans()
      expect(span).toMatchObject({
        name: 'POST /graphql',
        attributes: { 'graphql.operation.type': 'query', 'graphql.operation.name': 'Words' },
      })
      expect(span?.spanContext().traceId).toBe(traceId)
      expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
      expect(subgraphs.fetches[0]?.headers.traceparent).toBe(`00-${traceId}-${span?.spanContext().spanId}-01`)
    } finally {
      trace.disable()
      context.disable()
    }
  })
})

describe('metrics', () => {
  it('say how many requests are under way and how many documents were known', async () => {
    const valueAt = async (line: string) => {
      const text = await metrics.metrics()
      const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `))
      return Number(found?.split(' ').at(-1))
    }
    const known = 'movieverse_gateway_document_lookups_total{found="yes"}'
    const before = await valueAt(known)
    await running.ask('query Twice { echo }')
    await running.ask('query Twice { echo }')
    expect(await valueAt(known)).toBe(before + 1)
    expect(await valueAt('movieverse_gateway_requests_in_flight')).toBe(0)
  })

  it('print a histogram as prom-client prints its own', async () => {
    const settings = { name: 'seconds', help: 'Time', buckets: [0.1, 0.5, 2], labelNames: ['type', 'status'] }
    const registry = new Registry()
    const theirs = new Histogram({ ...settings, registers: [registry] })
    const ours = new PlainHistogram(settings)
    try {
      for (const seconds of [0.05, 0.1, 0.3, 2, 7]) {
        theirs.observe({ type: 'query', status: '200' }, seconds)
        ours.series('query', 200).observe(seconds)
      }
      theirs.observe({ type: 'mutation', status: '400' }, 1)
      ours.series('mutation', 400).observe(1)
      expect(await metrics.getSingleMetricAsString('seconds')).toBe(
        await registry.getSingleMetricAsString('seconds'),
      )
    } finally {
      metrics.removeSingleMetric('seconds')
    }
  })
})
