import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { BusEvent, EventBus } from '../src/bus/bus.ts'
import { createKafkaBus } from '../src/bus/kafka.ts'
import { silentLog } from '../src/log.ts'
import type { TestDatabase } from '../src/testing/database.ts'
import { eventually, listenOn } from './buses.ts'
import { busEngines } from './engines.ts'
import { fresh, newEvent, numberedEvents, numbersByKey, upTo } from './events.ts'
import { kafkaPlaces } from './kafka.ts'
import { type PrivateServer, startKafka } from './private-servers.ts'

describe.each(kafkaPlaces.map((place) => ({ place })))('the event bus on Kafka', ({ place }) => {
  let server: TestDatabase
  let bus: EventBus
  let kafka: Kafka
  let prefix: string

  beforeAll(async () => {
    server = place()
    bus = await busEngines.kafka(server.url)
    const { host, hash } = new URL(server.url)
    prefix = hash.slice(1)
    kafka = new Kafka({ brokers: [host], logLevel: logLevel.NOTHING })
  })
  afterAll(async () => {
    await bus.close()
    await server.close()
  })

  /** The first record of a topic, read by a client of Kafka's and nothing of ours. */
  async function firstRecord(topic: string) {
    const consumer = kafka.consumer({ groupId: `${prefix}${fresh('raw')}`, maxWaitTimeInMs: 100 })
    await consumer.connect()
    await consumer.subscribe({ topic: `${prefix}${topic}`, fromBeginning: true })
    const record = await new Promise<{ key: string; value: string; headers: Record<string, string> }>(
      (resolve) => {
        void consumer.run({
          eachMessage: async ({ message: { key, value, headers = {} } }) =>
            resolve({
              key: String(key),
              value: String(value),
              headers: Object.fromEntries(
                Object.entries(headers).map(([name, text]) => [name, String(text)]),
              ),
            }),
        })
      },
    )
    await consumer.disconnect()
    return record
  }

  test('writes CloudEvents in binary mode: attributes in headers, the domain JSON to the letter', async () => {
    const topic = fresh('movieverse.reviews')
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const event: BusEvent = {
      ...newEvent(topic, '8'),
      type: 'review_created',
      source: 'reviews',
      origin: 'import',
      traceparent,
      data: { type: 'review_created', review_id: 123, user_id: 42, movie_id: 8, rating: 4.5 },
    }
    await bus.publish([event])
    expect(await firstRecord(topic)).toEqual({
      key: '8',
      value: '{"type":"review_created","review_id":123,"user_id":42,"movie_id":8,"rating":4.5}',
      headers: {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: event.id,
        ce_source: 'reviews',
        ce_type: 'review_created',
        ce_subject: '8',
        ce_time: event.time.toISOString(),
        traceparent,
        origin: 'import',
      },
    })
  })

  test('keeps a dead letter in the group’s own topic, as it was and with its cause', async () => {
    const [topic, group] = [fresh('things'), fresh('group')]
    await listenOn(bus, {
      group,
      topics: [topic],
      attempts: 2,
      handle: () => Promise.reject(new Error('no such film')),
    })
    const event = newEvent(topic, 'a', { number: 1 })
    await bus.publish([event])
    await eventually(async () => expect(await bus.deadLetters(group)).toHaveLength(1))
    expect(await firstRecord(`${group}.dlq`)).toMatchObject({
      key: 'a',
      value: '{"type":"thing_happened","number":1}',
      headers: {
        ce_id: event.id,
        letter: 'set aside',
        letter_topic: topic,
        letter_cause: 'no such film',
        letter_attempts: '2',
      },
    })
  })

  test('sets records aside that are no events of ours, and goes on behind them', async () => {
    const [topic, group] = [fresh('things'), fresh('group')]
    const seen = await listenOn(bus, { group, topics: [topic] })
    const producer = kafka.producer()
    await producer.connect()
    const headers = { ce_id: 'a-1', ce_type: 'thing_happened' }
    await producer.send({
      topic: `${prefix}${topic}`,
      messages: [
        { key: 'a', value: 'not json', headers },
        { key: 'a', value: '[1]', headers: { ...headers, ce_id: 'a-2' } },
        { key: 'a', value: '{"type":"thing_happened"}' },
      ],
    })
    await producer.disconnect()
    const behind = newEvent(topic, 'a')
    await bus.publish([behind])
    await eventually(() => expect(seen).toEqual([behind]))
    const letters = await bus.deadLetters(group)
    expect(letters.map(({ cause, event }) => [cause, event.data.text])).toEqual([
      [expect.stringContaining('The record holds no JSON: '), 'not json'],
      ['The record holds no JSON object', '[1]'],
      ['The record lacks ce_id or ce_type', '{"type":"thing_happened"}'],
    ])
  })

  test('makes topics with the partitions and the retention that are asked for', async () => {
    const { host, hash } = new URL(server.url)
    const own = await createKafkaBus({
      ...{ brokers: [host], log: silentLog, prefix: hash.slice(1) },
      ...{ partitions: 3, retentionMs: 3_600_000 },
    })
    onTestFinished(() => own.close())
    const topic = fresh('things')
    await own.publish([newEvent(topic, 'a')])
    const admin = kafka.admin()
    await admin.connect()
    onTestFinished(() => admin.disconnect())
    const { topics } = await admin.fetchTopicMetadata({ topics: [`${prefix}${topic}`] })
    expect(topics[0]?.partitions).toHaveLength(3)
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: `${prefix}${topic}` }],
    })
    const values = resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue])
    expect(Object.fromEntries(values ?? [])).toMatchObject({
      'retention.ms': '3600000',
      'message.timestamp.type': 'LogAppendTime',
    })
  })

  test('pauses its partitions while more waits than it has room for, and loses nothing by that', async () => {
    const topic = fresh('things')
    const gate = Promise.withResolvers<void>()
    let handled = 0
    const seen = await listenOn(bus, {
      group: fresh('group'),
      topics: [topic],
      async handle(event) {
        handled += 1
        if (event.data.number === 0) await gate.promise
      },
    })
    const events = numberedEvents(topic, 30, 400)
    for (let start = 0; start < events.length; start += 1000) {
      await bus.publish(events.slice(start, start + 1000))
    }
    await eventually(() => expect(handled).toBeGreaterThan(0))
    expect(seen).toHaveLength(0)
    gate.resolve()
    await eventually(() => expect(seen).toHaveLength(events.length))
    for (const numbers of Object.values(numbersByKey(seen))) expect(numbers).toEqual(upTo(400))
  })
})

describe.runIf(kafkaPlaces.length > 0)('when the broker is killed', () => {
  let server: PrivateServer

  beforeAll(async () => {
    server = await startKafka()
  }, 60_000)
  afterAll(() => server.close(), 30_000)

  const open = async () => {
    const bus = await createKafkaBus({ brokers: [server.url], log: silentLog })
    onTestFinished(() => bus.close())
    return bus
  }

  /** Publishes numbered events, the broker killed in their midst; answers what of the acknowledged ones came. */
  async function publishThroughKill(publish: (bus: EventBus, events: BusEvent[]) => Promise<void>) {
    const [bus, reader] = [await open(), await open()]
    const [topic, group] = [fresh('things'), fresh('group')]
    const seen = await listenOn(reader, { group, topics: [topic] })
    const events = numberedEvents(topic, 10, 60)
    let restarted: Promise<void> | undefined
    for (let start = 0; start < events.length; start += 10) {
      if (start === 200) {
        await server.kill()
        restarted = server.start()
      }
      await publish(bus, events.slice(start, start + 10))
    }
    await restarted
    const last = newEvent(topic, 'last')
    await eventually(() => bus.publish([last]))
    await eventually(() => expect(seen.map(({ id }) => id)).toContain(last.id))
    await eventually(async () => expect(await bus.lag(group, [topic])).toBe(0))
    const came = numbersByKey(seen.filter(({ key }) => key !== 'last'))
    const first = Object.values(came).map((numbers) => [...new Set(numbers)])
    const lost = events.length - first.reduce((sum, numbers) => sum + numbers.length, 0)
    const disordered = first.filter((numbers) =>
      numbers.some((number, index) => number < (numbers[index - 1] ?? 0)),
    )
    return { lost, disordered: disordered.length }
  }

  test('no acknowledged event is lost and each key keeps its order', async () => {
    const untilAcknowledged = (bus: EventBus, events: BusEvent[]) =>
      eventually(() => bus.publish(events), 60_000)
    expect(await publishThroughKill(untilAcknowledged)).toEqual({ lost: 0, disordered: 0 })
  }, 120_000)

  test('events would be lost if publishing were acknowledged before the broker has them', async () => {
    const early = async (bus: EventBus, events: BusEvent[]) => {
      bus.publish(events).catch((error: unknown) => expect(error).toBeInstanceOf(Error))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect((await publishThroughKill(early)).lost).toBeGreaterThan(0)
  }, 120_000)

  test('a bus says so, and works again by itself when the broker is back', async () => {
    const bus = await open()
    const [topic, group] = [fresh('things'), fresh('group')]
    const seen = await listenOn(bus, { group, topics: [topic] })
    await bus.ping()
    await server.kill()
    const event = newEvent(topic, 'a')
    await expect(bus.ping()).rejects.toThrow()
    await expect(bus.publish([event])).rejects.toThrow()
    await server.start()
    await eventually(() => bus.ping())
    await eventually(() => bus.publish([event]))
    await eventually(() => expect(seen.map(({ id }) => id)).toContain(event.id))
  }, 120_000)
})
