import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createPostgresJobs } from '../src/jobs/postgres.ts'
import { createRabbitJobs } from '../src/jobs/rabbitmq.ts'
import { createLog } from '../src/log.ts'
import { withSpan } from '../src/telemetry.ts'
import { eventually, jobQueues } from './job-ground.ts'

const create = { postgres: createPostgresJobs, rabbitmq: createRabbitJobs }

const exporter = new InMemorySpanExporter()
beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  )
})
afterAll(() => {
  trace.disable()
  context.disable()
})

describe.each(jobQueues)('traces through the job queue on $name', ({ name, place }) => {
  test('a job continues its publisher’s trace at each attempt and in the log', async () => {
    const here = await place()
    const lines: Record<string, unknown>[] = []
    const log = createLog({
      service: 'test',
      destination: { write: (line) => void lines.push(JSON.parse(line)) },
    })
    const jobs = await create[name]({ url: here.url, log })
    onTestFinished(async () => {
      await jobs.close()
      await here.close()
    })
    const queue = here.queue()
    const traceparents: (string | undefined)[] = []
    await jobs.work({
      queue,
      async handle({ attempt, traceparent }) {
        traceparents.push(traceparent)
        if (attempt === 1) throw new Error('not yet')
        log.info('done')
      },
    })
    const sent = await withSpan('request', {}, async (span) => {
      await jobs.publish(queue, [{ data: {} }])
      return span.spanContext()
    })
    await eventually(() => expect(traceparents).toHaveLength(2))
    const traceparent = `00-${sent.traceId}-${sent.spanId}-01`
    expect(traceparents).toEqual([traceparent, traceparent])
    await eventually(() => {
      const spans = exporter.getFinishedSpans().filter((span) => span.name === `job ${queue}`)
      expect(spans.map((span) => span.spanContext().traceId)).toEqual([sent.traceId, sent.traceId])
      expect(spans.map((span) => span.parentSpanContext?.spanId)).toEqual([sent.spanId, sent.spanId])
      expect(spans.map((span) => span.attributes['job.attempt'])).toEqual([1, 2])
    })
    const traced = lines.filter(({ traceId }) => traceId === sent.traceId).map(({ msg }) => msg)
    expect(traced).toEqual(['a job failed and will be tried again', 'done'])
    // Outside a trace there is none to continue.
    await jobs.publish(queue, [{ data: {} }])
    await eventually(() => expect(traceparents[2]).toBeUndefined())
  })
})
