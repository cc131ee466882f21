import { openReads } from '@movieverse/kit/databases/reads'
import { createOutbox } from '@movieverse/kit/outbox/sql-outbox'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { followChanged, profileUpdated } from '../src/events.ts'
import { createPrismaProfileStore, createUsersClient } from '../src/store.prisma.ts'
import type { NewProfile, Profile, ProfileStore, Target } from '../src/store.ts'

interface Opened {
  readonly store: ProfileStore
  /** The events that were told, as the domain's JSON, oldest first. */
  told(): Promise<readonly Record<string, unknown>[]>
  close(): Promise<void>
}

/** Every engine of the port; a further one is a line here. */
const engines: Record<string, () => Promise<Opened>> = {
  async prisma() {
    const database = await createTestDatabase('users')
    const client = createUsersClient(database.url)
    const store = createPrismaProfileStore({
      client,
      reads: openReads(database.url, client),
      outbox: createOutbox({ source: 'users' }),
    })
    return {
      store,
      told: async () =>
        (await client.outboxEvent.findMany({ orderBy: { position: 'asc' } })).map(
          ({ data }) => data as Record<string, unknown>,
        ),
      close: async () => {
        await store.close()
        await database.close()
      },
    }
  },
}

const joinedAt = new Date('2024-05-01T10:00:00.000Z')
const profile = (userId: number, change: Partial<NewProfile> = {}): NewProfile => ({
  userId,
  username: `User${userId}`,
  displayName: `User${userId}`,
  joinedAt,
  ...change,
})
const follow = (store: ProfileStore, userId: number, target: Target, following = true) =>
  store.follow(userId, target, { following, tell: followChanged(target, following) })

describe.each(Object.entries(engines))('a profile store on %s', (_, open) => {
  let opened: Opened
  let store: ProfileStore
  beforeAll(async () => {
    opened = await open()
    store = opened.store
  })
  afterAll(() => opened?.close())
  const present = async (userId: number): Promise<Profile> => {
    const [found] = await store.byIds([userId])
    if (!found || found === 'erased') throw new Error(`user ${userId} is ${found}`)
    return found
  }

  test('finds profiles by id, in the order asked for, and by folded name', async () => {
    await store.add([profile(2), profile(1)])
    const [first, unknown, second] = await store.byIds([1, 99, 2])
    expect([first, unknown, second]).toMatchObject([
      { userId: 1, username: 'User1', language: 'en', matureContent: false, version: 1, joinedAt },
      null,
      { userId: 2, favoriteGenreIds: [] },
    ])
    expect(await store.byUsernameKey('user2')).toEqual(second)
    expect(await store.byUsernameKey('User2')).toBeNull()
  })

  test('adding again keeps what the user wrote and the earlier time of joining', async () => {
    const earlier = new Date('2020-01-01T00:00:00.000Z')
    await store.add([profile(10)])
    await store.add([profile(10, { displayName: 'Made-up Name', joinedAt: earlier })])
    expect(await present(10)).toMatchObject({ displayName: 'Made-up Name', joinedAt: earlier, version: 1 })
    await store.change(10, { displayName: 'My Own' }, () => [])
    await store.add([profile(10, { displayName: 'Another' }), profile(10)])
    expect(await present(10)).toMatchObject({ displayName: 'My Own', joinedAt: earlier, version: 2 })
  })

  test('names the ids of a range that it has not heard of', async () => {
    await store.add([profile(501), profile(503)])
    await store.erase(504)
    expect(await store.missingIn(500, 506)).toEqual([500, 502, 505, 506])
  })

  test('changes a profile and tells of it in one transaction', async () => {
    await store.add([profile(20)])
    const before = (await opened.told()).length
    const changed = await store.change(20, { bio: 'Hello', favoriteGenreIds: [3, 1] }, (row) => [
      profileUpdated(row),
    ])
    expect(changed).toMatchObject({ bio: 'Hello', favoriteGenreIds: [3, 1], version: 2 })
    expect(await present(20)).toEqual(changed)
    const broken = store.change(20, { bio: 'Lost' }, () => [
      { ...profileUpdated({ userId: 20, version: -1 }) },
    ])
    await expect(broken).rejects.toThrow()
    expect((await present(20)).bio).toBe('Hello')
    expect((await opened.told()).slice(before)).toEqual([
      { type: 'profile_updated', user_id: 20, version: 2 },
    ])
    expect(await store.change(98, { bio: 'x' }, () => [])).toBeNull()
  })

  test('an erased profile stays erased, whatever comes late', async () => {
    await store.add([profile(30), profile(31)])
    await follow(store, 30, { type: 'user', id: 31 })
    await follow(store, 31, { type: 'user', id: 30 })
    await follow(store, 31, { type: 'genre', id: 30 })
    await store.erase(30)
    await store.erase(30)
    await store.erase(39)
    await store.add([profile(30), profile(39)])
    expect(await store.byIds([30, 39])).toEqual(['erased', 'erased'])
    expect(await store.byUsernameKey('user30')).toBeNull()
    expect(await store.change(30, { bio: 'x' }, () => [])).toBeNull()
    expect(await store.followCounts([30, 31])).toEqual([0, 1])
    expect(await follow(store, 31, { type: 'user', id: 30 })).toBe(false)
    expect(await follow(store, 30, { type: 'user', id: 31 })).toBe(false)
  })

  test('a name that changed hands leads to its present owner', async () => {
    await store.add([profile(40, { username: 'Shared' })])
    await store.add([profile(41, { username: 'shared' })])
    expect((await store.byUsernameKey('shared'))?.userId).toBe(41)
    await store.erase(41)
    expect((await store.byUsernameKey('shared'))?.userId).toBe(40)
  })

  test('follows once, and tells only of changes', async () => {
    await store.add([profile(50)])
    const genre: Target = { type: 'genre', id: 7 }
    const before = (await opened.told()).length
    await Promise.all([follow(store, 50, genre), follow(store, 50, genre), follow(store, 50, genre)])
    await follow(store, 50, genre, false)
    await follow(store, 50, genre, false)
    const told = { user_id: 50, target_type: 'genre', target_id: 7 }
    expect((await opened.told()).slice(before)).toEqual([
      { type: 'followed', ...told, version: 2 },
      { type: 'unfollowed', ...told, version: 3 },
    ])
    expect(await store.followCounts([50])).toEqual([0])
  })

  test('two who follow each other at once both succeed', async () => {
    await store.add([profile(60), profile(61)])
    for (let round = 0; round < 5; round += 1) {
      const following = round % 2 === 0
      const done = await Promise.all([
        follow(store, 60, { type: 'user', id: 61 }, following),
        follow(store, 61, { type: 'user', id: 60 }, following),
      ])
      expect(done).toEqual([true, true])
    }
  })

  test('nobody follows someone who is being erased', async () => {
    const ids = Array.from({ length: 10 }, (__, i) => 700 + i)
    await store.add([...ids.map((id) => profile(id)), profile(799)])
    await Promise.all([
      ...ids.map((id) => follow(store, id, { type: 'user', id: 799 })),
      store.erase(799),
      ...ids.map((id) => follow(store, id, { type: 'user', id: 799 })),
    ])
    expect(await store.followCounts(ids)).toEqual(ids.map(() => 0))
  })

  test('pages of several users come newest first, each from its own place', async () => {
    await store.add([profile(80), profile(81)])
    for (const id of [1, 2, 3]) await follow(store, 80, { type: 'person', id })
    for (const id of [1, 2]) await follow(store, 81, { type: 'genre', id })
    const [all] = await store.follows([{ userId: 80, limit: 10 }])
    expect(all?.map(({ type, id }) => `${type} ${id}`)).toEqual(['person 3', 'person 2', 'person 1'])
    const pages = await store.follows([
      { userId: 81, limit: 1 },
      { userId: 82, limit: 5 },
      { userId: 80, limit: 1, before: all?.[0]?.position },
    ])
    expect(pages.map((page) => page.map(({ type, id }) => `${type} ${id}`))).toEqual([
      ['genre 2'],
      [],
      ['person 2'],
    ])
    expect(await store.followCounts([81, 82, 80])).toEqual([2, 0, 3])
  })

  test.each(['genre', 'person'] as const)('knows each %s that it was told of', async (kind) => {
    await store.addKnown(kind, [5, 3, 5])
    await store.addKnown(kind, [4, 3])
    expect(await store.known(kind, [2, 3, 4, 5, 6])).toEqual(new Set([3, 4, 5]))
  })
})
