import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type BusEvent, DeadLetterError, type EventBus, type EventConsumer } from '../src/bus/bus.ts'
import type { TestDatabase } from '../src/testing/database.ts'
import { buses, eventually, listenOn } from './buses.ts'
import { busEngines } from './engines.ts'
import { fresh, newEvent, numberedEvents, numbersByKey, upTo } from './events.ts'
import { kill, said, startProcess } from './processes/start.ts'

describe.each(buses)('the event bus on $name', ({ name, place }) => {
  let server: TestDatabase
  let bus: EventBus
  const open = () => busEngines[name](server.url)
  const listen = (
    consumer: Omit<EventConsumer, 'handle'> & Partial<EventConsumer>,
    on: EventBus = bus,
  ): Promise<BusEvent[]> => listenOn(on, consumer)

  beforeAll(async () => {
    server = await place()
    bus = await open()
  })
  afterAll(async () => {
    await bus.close()
    await server.close()
  })

  async function secondBus(): Promise<EventBus> {
    const other = await open()
    onTestFinished(() => other.close())
    return other
  }

  test('delivers an event with all its attributes', async () => {
    const topic = fresh('things')
    const seen = await listen({ group: fresh('group'), topics: [topic] })
    const sent: BusEvent = {
      ...newEvent(topic, '8', { text: 'naïve 😀', half: 4.5, list: [1, { deep: null }] }),
      origin: 'import',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    }
    await bus.publish([sent])
    await eventually(() => expect(seen).toEqual([sent]))
  })

  test('gives every group every event', async () => {
    const topic = fresh('things')
    const events = numberedEvents(topic, 5, 4)
    const first = await listen({ group: fresh('first'), topics: [topic] })
    const second = await listen({ group: fresh('second'), topics: [topic] })
    await bus.publish(events)
    const ids = events.map(({ id }) => id).sort()
    await eventually(() => {
      expect(first.map(({ id }) => id).sort()).toEqual(ids)
      expect(second.map(({ id }) => id).sort()).toEqual(ids)
    })
  })

  test('starts a new group at the beginning, or at the end if it asks for that', async () => {
    const topic = fresh('things')
    const [before, after] = numberedEvents(topic, 2, 1) as [BusEvent, BusEvent]
    await bus.publish([before])
    const all = await listen({ group: fresh('all'), topics: [topic] })
    const latest = await listen({ group: fresh('latest'), topics: [topic], from: 'end' })
    await bus.publish([after])
    await eventually(() => expect(all).toHaveLength(2))
    await eventually(() => expect(latest.map(({ id }) => id)).toEqual([after.id]))
  })

  test('keeps the order of each key while keys are handled side by side', async () => {
    const topic = fresh('things')
    let atOnce = 0
    let most = 0
    const seen = await listen({
      group: fresh('group'),
      topics: [topic],
      async handle(event) {
        atOnce += 1
        most = Math.max(most, atOnce)
        await new Promise((resolve) => setTimeout(resolve, Number(event.data.number) % 3))
        atOnce -= 1
      },
    })
    const events = numberedEvents(topic, 12, 30)
    for (let start = 0; start < events.length; start += 50) await bus.publish(events.slice(start, start + 50))
    await eventually(() => expect(seen).toHaveLength(events.length))
    for (const numbers of Object.values(numbersByKey(seen))) expect(numbers).toEqual(upTo(30))
    expect(most).toBeGreaterThan(1)
  })

  test('shares a group’s events between its members, each event with one of them, in order', async () => {
    const topic = fresh('things')
    const group = fresh('group')
    const other = await secondBus()
    const mine = await listen({ group, topics: [topic] })
    const theirs = await listen({ group, topics: [topic] }, other)
    const events = numberedEvents(topic, 40, 5)
    await bus.publish(events.slice(0, 40))
    await eventually(async () => expect(await bus.lag(group, [topic])).toBe(0))
    for (let start = 40; start < events.length; start += 40) {
      await bus.publish(events.slice(start, start + 40))
      await eventually(async () => expect(await bus.lag(group, [topic])).toBe(0))
    }
    const handled = [...mine, ...theirs]
    expect(new Set(handled.map(({ id }) => id)).size).toBe(events.length)
    expect(theirs.length).toBeGreaterThan(0)
    expect(mine.length).toBeGreaterThan(0)
  })

  test('hands a member’s share on when it leaves', async () => {
    const topic = fresh('things')
    const group = fresh('group')
    const other = await secondBus()
    const mine = await listen({ group, topics: [topic] })
    const leaving = await other.subscribe({ group, topics: [topic], handle: async () => {} })
    await leaving.close()
    const events = numberedEvents(topic, 40, 1)
    await bus.publish(events)
    await eventually(() => expect(mine).toHaveLength(events.length))
  })

  test('delivers what a killed member had in hand to another', async () => {
    const topic = fresh('things')
    const group = fresh('group')
    const events = numberedEvents(topic, 40, 3)
    const stuck = await startProcess('stuck-consumer.ts', { engine: name, url: server.url, group, topic })
    const taken = said(stuck, 'took')
    await bus.publish(events)
    await taken
    const seen = await listen({ group, topics: [topic] })
    await kill(stuck)
    await eventually(() => expect(new Set(seen.map(({ id }) => id)).size).toBe(events.length))
    for (const numbers of Object.values(numbersByKey(seen))) expect(numbers).toEqual(upTo(3))
  })

  test('tries a failing event again and holds back only what comes after it on its key', async () => {
    const topic = fresh('things')
    const group = fresh('group')
    const [poison, behind, beside] = [newEvent(topic, 'a'), newEvent(topic, 'a'), newEvent(topic, 'b')]
    let attempts = 0
    let attemptsWhenBesideCame = -1
    const seen = await listen({
      group,
      topics: [topic],
      attempts: 4,
      async handle(event) {
        if (event.id === beside.id) attemptsWhenBesideCame = attempts
        if (event.id !== poison.id) return
        attempts += 1
        if (attempts < 4) throw new Error('not yet')
      },
    })
    await bus.publish([poison, behind, beside])
    await eventually(() => expect(seen).toHaveLength(3))
    expect(seen.map(({ id }) => id)).toEqual([beside.id, poison.id, behind.id])
    expect(attempts).toBe(4)
    expect(attemptsWhenBesideCame).toBeLessThan(4)
    expect(await bus.deadLetters(group)).toEqual([])
  })

  test('sets a poisoned event aside with its cause, and goes on behind it', async () => {
    const topic = fresh('things')
    const group = fresh('group')
    const [poison, behind] = [newEvent(topic, 'a', { bad: true }), newEvent(topic, 'a')]
    const seen = await listen({
      group,
      topics: [topic],
      attempts: 3,
      async handle(event) {
        if (event.data.bad) throw new Error('the film is from the future')
      },
    })
    await bus.publish([poison, behind])
    await eventually(() => expect(seen.map(({ id }) => id)).toEqual([behind.id]))
    const letters = await bus.deadLetters(group)
    expect(letters).toEqual([
      { group, event: poison, cause: 'the film is from the future', attempts: 3, failedAt: expect.any(Date) },
    ])
    await eventually(async () => expect(await bus.lag(group, [topic])).toBe(0))
  })

  test('sets an event aside at once when its handler says that trying again cannot help', async () => {
    const topic = fresh('things')
    const group = fresh('group')
    await listen({
      group,
      topics: [topic],
      async handle() {
        throw new DeadLetterError('an unknown kind')
      },
    })
    await bus.publish([newEvent(topic, 'a')])
    await eventually(async () => {
      expect(await bus.deadLetters(group)).toMatchObject([{ cause: 'an unknown kind', attempts: 1 }])
    })
  })

  test('delivers set-aside events once more, all or those that are named', async () => {
    const topic = fresh('things')
    const group = fresh('group')
    const events = [newEvent(topic, 'a'), newEvent(topic, 'b'), newEvent(topic, 'c')]
    let broken = true
    const seen = await listen({
      group,
      topics: [topic],
      attempts: 1,
      async handle() {
        if (broken) throw new Error('broken')
      },
    })
    await bus.publish(events)
    await eventually(async () => expect(await bus.deadLetters(group)).toHaveLength(3))

    expect(await bus.replayDeadLetters(group, [events[1]?.id ?? ''])).toBe(1)
    await eventually(async () => expect(await bus.deadLetters(group)).toHaveLength(3))
    expect(seen).toEqual([])

    broken = false
    expect(await bus.replayDeadLetters(group, [events[1]?.id ?? ''])).toBe(1)
    await eventually(() => expect(seen).toEqual([events[1]]))
    expect(await bus.replayDeadLetters(group)).toBe(2)
    await eventually(() => expect(seen).toHaveLength(3))
    await eventually(async () => expect(await bus.lag(group, [topic])).toBe(0))
    expect(await bus.deadLetters(group)).toEqual([])
    expect(await bus.replayDeadLetters(group)).toBe(0)
  })

  test('goes back to the beginning, to a time, or ahead to the end while members run', async () => {
    const topic = fresh('things')
    const group = fresh('group')
    const seen = await listen({ group, topics: [topic] })
    const early = numberedEvents(topic, 6, 2)
    await bus.publish(early)
    await eventually(async () => expect(await bus.lag(group, [topic])).toBe(0))
    await new Promise((resolve) => setTimeout(resolve, 20))
    const noon = new Date()
    await new Promise((resolve) => setTimeout(resolve, 20))
    const late = numberedEvents(topic, 6, 1)
    await bus.publish(late)
    await eventually(() => expect(seen).toHaveLength(18))

    seen.length = 0
    await bus.seek(group, topic, 'beginning')
    await eventually(() => expect(seen).toHaveLength(18))
    const again = numbersByKey(seen)
    expect(again['key-0']).toEqual([0, 1, 0])

    seen.length = 0
    await bus.seek(group, topic, noon)
    await eventually(() => expect(seen).toHaveLength(6))
    await eventually(async () => expect(await bus.lag(group, [topic])).toBe(0))
    expect(seen.map(({ id }) => id).sort()).toEqual(late.map(({ id }) => id).sort())
  })

  test('skips what is there when it is sent to the end', async () => {
    const topic = fresh('things')
    const group = fresh('group')
    await bus.publish(numberedEvents(topic, 6, 2))
    await bus.seek(group, topic, 'end')
    const seen = await listen({ group, topics: [topic] })
    const next = newEvent(topic, 'key-1')
    await bus.publish([next])
    await eventually(() => expect(seen).toEqual([next]))
  })

  test('says how far a group is behind', async () => {
    const topic = fresh('things')
    const group = fresh('group')
    await bus.publish(numberedEvents(topic, 7, 1))
    expect(await bus.lag(group, [topic])).toBe(7)
    await listen({ group, topics: [topic] })
    await eventually(async () => expect(await bus.lag(group, [topic])).toBe(0))
  })

  test('waits at its close for what is in hand, and does not deliver that again', async () => {
    const topic = fresh('things')
    const group = fresh('group')
    const event = newEvent(topic, 'a')
    let started = false
    let finished = false
    const subscription = await bus.subscribe({
      group,
      topics: [topic],
      async handle() {
        started = true
        await new Promise((resolve) => setTimeout(resolve, 300))
        finished = true
      },
    })
    await bus.publish([event])
    await eventually(() => expect(started).toBe(true))
    await subscription.close()
    expect(finished).toBe(true)
    expect(await bus.lag(group, [topic])).toBe(0)
    const later = newEvent(topic, 'a')
    const seen = await listen({ group, topics: [topic] })
    await bus.publish([later])
    await eventually(() => expect(seen).toEqual([later]))
  })

  test('keeps what it acknowledged when it is closed and opened again', async () => {
    const topic = fresh('things')
    const first = await open()
    const events = numberedEvents(topic, 3, 2)
    await first.publish(events)
    await first.close()
    const seen = await listen({ group: fresh('group'), topics: [topic] }, await secondBus())
    await eventually(() => expect(seen).toHaveLength(6))
  })

  test('answers to a ping, and refuses it once it is closed', async () => {
    const other = await open()
    await other.ping()
    await other.close()
    await expect(other.ping()).rejects.toThrow()
  })
})
