import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { EventBus } from '../src/bus/bus.ts'
import { createTestDatabase, type TestDatabase } from '../src/testing/database.ts'
import { buses, eventually } from './buses.ts'
import { type Effects, openEffects } from './effects.ts'
import { busEngines } from './engines.ts'
import { fresh, numberedEvents } from './events.ts'
import { kill, startProcess } from './processes/start.ts'

const keys = 20

describe.each(buses)('a group on $name', ({ name, place }) => {
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

  async function newEffects(): Promise<{ url: string; effects: Effects }> {
    const database = await createTestDatabase('kit')
    const effects = await openEffects(database.url)
    onTestFinished(async () => {
      await effects.close()
      await database.close()
    })
    return { url: database.url, effects }
  }

  test('has each effect once and in its key’s order while members come and go', async () => {
    const { effects } = await newEffects()
    const [group, topic] = [fresh('group'), fresh('things')]
    const join = () => bus.subscribe({ group, topics: [topic], handle: effects.of(group) })
    const events = numberedEvents(topic, keys, 60)
    const first = await join()
    const part = events.length / 4
    await bus.publish(events.slice(0, part))
    const second = await join()
    await bus.publish(events.slice(part, 2 * part))
    await first.close()
    await bus.publish(events.slice(2 * part, 3 * part))
    const third = await join()
    await bus.publish(events.slice(3 * part))
    await eventually(async () => expect(await bus.lag(group, [topic])).toBe(0))
    await Promise.all([second.close(), third.close()])
    expect(await effects.judge(keys, 60)).toEqual({ lost: 0, doubled: 0, disordered: 0 })
  })

  /** Two members at work, one killed in the midst of it, the other one when the bus says that all is done. */
  async function killed(early: boolean) {
    const { url, effects } = await newEffects()
    const [group, topic] = [fresh('group'), fresh('things')]
    const settings = { engine: name, busUrl: server.url, url, group, topic, early }
    const members = await Promise.all([0, 1].map(() => startProcess('effect-member.ts', settings)))
    const events = numberedEvents(topic, keys, 30)
    await bus.publish(events.slice(0, events.length / 2))
    await eventually(async () => expect(await effects.count()).toBeGreaterThan(0))
    if (members[0]) await kill(members[0])
    await bus.publish(events.slice(events.length / 2))
    await eventually(async () => expect(await bus.lag(group, [topic])).toBe(0))
    await Promise.all(members.map(kill))
    return effects.judge(keys, 30)
  }

  test('whose members are killed loses no event and has no effect twice', async () => {
    expect(await killed(false)).toEqual({ lost: 0, doubled: 0, disordered: 0 })
  })

  test('would lose events if it committed before the effect', async () => {
    expect((await killed(true)).lost).toBeGreaterThan(0)
  })
})
