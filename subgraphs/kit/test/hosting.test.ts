import { hostSubgraph } from '@movieverse/kit/hosting'
import { silentLog } from '@movieverse/kit/log'
import { openPlatform, type Platform } from '@movieverse/kit/platform'
import type { Background } from '@movieverse/kit/subgraph'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fresh, newEvent } from './events.ts'
import { createShelf } from './shelf.ts'

let platform: Platform
let closeDatabase: () => Promise<void>
beforeAll(async () => {
  const database = await createTestDatabase('kit')
  closeDatabase = database.close
  platform = await openPlatform({
    services: [],
    env: { DATABASE_URL_PLATFORM: database.url },
    dataDir: 'unused',
    log: silentLog,
  })
})
afterAll(async () => {
  await platform.close()
  await closeDatabase()
})

function recorded(name: string, story: string[]): Background {
  return {
    name,
    start: async () => void story.push(`${name} starts`),
    stop: async () => void story.push(`${name} stops`),
  }
}

test('a hosted subgraph does its work until it is closed, its stores last', async () => {
  const { bus, jobs } = platform
  const [topic, queue] = [fresh('topic'), fresh('queue')]
  const story: string[] = []
  const heard = Promise.withResolvers<string>()
  const worked = Promise.withResolvers<unknown>()
  const hosted = await hostSubgraph(
    {
      ...createShelf(),
      background: [recorded('relay', story), recorded('rotation', story)],
      consumers: [{ group: fresh('group'), topics: [topic], handle: async ({ key }) => heard.resolve(key) }],
      workers: [{ queue, handle: async ({ data }) => worked.resolve(data) }],
      close: async () => void story.push('stores close'),
    },
    { bus, jobs, log: silentLog },
  )
  await bus.publish([newEvent(topic, '8')])
  await jobs.publish(queue, [{ data: { page: 1 } }])
  expect([await heard.promise, await worked.promise]).toEqual(['8', { page: 1 }])
  await hosted.close()
  expect(story).toEqual(['relay starts', 'rotation starts', 'rotation stops', 'relay stops', 'stores close'])
})

test('a part that cannot start takes those before it down, and its reason comes out', async () => {
  const { bus, jobs } = platform
  const story: string[] = []
  const broken: Background = {
    name: 'broken',
    start: () => Promise.reject(new Error('no such table')),
    stop: async () => void story.push('broken stops'),
  }
  const shelf = { ...createShelf(), close: async () => void story.push('stores close') }
  const hosting = hostSubgraph(
    { ...shelf, background: [recorded('relay', story), broken] },
    { bus, jobs, log: silentLog },
  )
  await expect(hosting).rejects.toThrow('no such table')
  expect(story).toEqual(['relay starts', 'relay stops', 'stores close'])
})
