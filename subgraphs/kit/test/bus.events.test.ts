import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { BusEvent, EventBus } from '../src/bus/bus.ts'
import { toMessage } from '../src/bus/kafka/message.ts'
import { appendEvents } from '../src/bus/postgres/append.ts'
import { createLog } from '../src/log.ts'
import { metrics } from '../src/metrics.ts'
import { openPool } from '../src/postgres/pool.ts'
import type { TestDatabase } from '../src/testing/database.ts'
import { buses, eventually, listenOn } from './buses.ts'
import { type BusEngine, busEngines } from './engines.ts'
import { fresh, newEvent } from './events.ts'

const reviews = 'movieverse.reviews'
const accounts = 'movieverse.accounts'

const review = (fields: Record<string, unknown> = {}): BusEvent => ({
  ...newEvent(reviews, '8'),
  type: String(fields.type ?? 'review_created'),
  data: { type: 'review_created', review_id: 1, user_id: 1, movie_id: 8, rating: 4.5, version: 1, ...fields },
})

/** Of the whole file: a tracer keeps to the first provider that it met. */
const exporter = new InMemorySpanExporter()

/** Writes what no publisher of ours would: past the bus, into its engine. */
const smuggle: Record<BusEngine, (url: string, event: BusEvent) => Promise<void>> = {
  async postgres(url, event) {
    const pool = openPool({ connectionString: url })
    await appendEvents(pool, [event])
    await pool.end()
  },
  async kafka(url, event) {
    const { host, hash } = new URL(url)
    const producer = new Kafka({ brokers: [host], logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    await producer.send({ topic: `${hash.slice(1)}${event.topic}`, messages: [toMessage(event)] })
    await producer.disconnect()
  },
}

describe.each(buses)('events on $name', ({ name, place }) => {
  let server: TestDatabase
  let bus: EventBus

  beforeAll(async () => {
    server = await place()
    bus = await busEngines[name](server.url)
  })
  afterAll(async () => {
    await bus.close()
    await server.close()
  })

  /** A group of its own that hears what comes from now on. */
  async function hear(topic: string) {
    const group = fresh('group')
    const seen = await listenOn(bus, { group, topics: [topic], from: 'end' })
    return { group, seen }
  }

  test('are not published when they break their contract', async () => {
    const broken = review({ rating: 4.7 })
    await expect(bus.publish([review(), broken])).rejects.toThrow(
      new RegExp(`${broken.id} breaks the contract of movieverse.reviews[^]*rating`),
    )
  })

  test('of a newer version are read: what they have more comes along', async () => {
    const { seen } = await hear(reviews)
    const newer = review({ mood: 'happy', tags: ['later'] })
    await bus.publish([newer])
    await eventually(() => expect(seen).toEqual([newer]))
  })

  test('of an unknown type are ignored and counted', async () => {
    const { group, seen } = await hear(reviews)
    const known = review()
    await bus.publish([review({ type: 'review_pinned' }), known])
    await eventually(() => expect(seen).toEqual([known]))
    await eventually(async () => expect(await bus.lag(group, [reviews])).toBe(0))
    expect(await bus.deadLetters(group)).toEqual([])
    expect(await metrics.metrics()).toContain(
      `movieverse_bus_events_total{group="${group}",outcome="ignored"} 1`,
    )
  })

  test('of an unknown type are set aside where none may be missed', async () => {
    const { group, seen } = await hear(accounts)
    const tomorrow = { ...newEvent(accounts, '7'), type: 'user_buried', data: { type: 'user_buried' } }
    await bus.publish([tomorrow])
    await eventually(async () =>
      expect(await bus.deadLetters(group)).toMatchObject([
        { event: tomorrow, cause: 'This release does not know the type user_buried', attempts: 1 },
      ]),
    )
    expect(seen).toEqual([])
  })

  test('that break their contract are set aside with what is wrong, and hold nothing up', async () => {
    const { group, seen } = await hear(reviews)
    const [broken, behind] = [review({ rating: 11 }), review()]
    await smuggle[name](server.url, broken)
    await bus.publish([behind])
    await eventually(() => expect(seen).toEqual([behind]))
    expect(await bus.deadLetters(group)).toMatchObject([
      { event: broken, cause: expect.stringContaining('rating'), attempts: 1 },
    ])
  })

  test('carry their trace: from whoever caused them over publishing to handling, and into its log lines', async () => {
    exporter.reset()
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    )
    onTestFinished(() => {
      trace.disable()
      context.disable()
    })
    const lines: string[] = []
    const log = createLog({ service: 'tests', destination: { write: (line) => void lines.push(line) } })
    const traced = await busEngines[name](server.url, log)
    onTestFinished(() => traced.close())
    const topic = fresh('things')
    let failures = 0
    const seen = await listenOn(traced, {
      group: fresh('group'),
      topics: [topic],
      async handle() {
        log.info('handling')
        failures += 1
        if (failures === 1) throw new Error('not yet')
      },
    })
    const [traceId, causeId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']
    const event = { ...newEvent(topic, 'a'), traceparent: `00-${traceId}-${causeId}-01` }
    await traced.publish([event])
    await eventually(() => expect(seen).toHaveLength(1))
    await eventually(() => expect(exporter.getFinishedSpans()).toHaveLength(3))

    const spans = exporter.getFinishedSpans()
    const published = spans.find((span) => span.name === `publish ${topic}`)
    const consumed = spans.filter((span) => span.name === `consume ${topic}`)
    expect(spans.map((span) => span.spanContext().traceId)).toEqual([traceId, traceId, traceId])
    expect(published?.parentSpanContext?.spanId).toBe(causeId)
    expect(consumed.map((span) => span.parentSpanContext?.spanId)).toEqual([
      published?.spanContext().spanId,
      published?.spanContext().spanId,
    ])
    expect(consumed.map((span) => span.status.message)).toEqual(['not yet', undefined])
    expect(seen[0]?.traceparent).toBe(`00-${traceId}-${published?.spanContext().spanId}-01`)
    const told = lines.map((line) => JSON.parse(line) as { msg: string; traceId?: string })
    for (const text of ['handling', 'an event failed and will be tried again']) {
      expect(told).toContainEqual(expect.objectContaining({ msg: text, traceId }))
    }
  })
})
