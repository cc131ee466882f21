import { DeadLetterError } from '@movieverse/kit/bus/bus'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FOLLOW, openUsers, UPDATE, type UsersHarness } from './harness.ts'

let service: UsersHarness
beforeAll(async () => {
  service = await openUsers()
})
afterAll(() => service?.close())
beforeEach(() => {
  service.neighbours.reachable = true
})

const name = async (id: number) => (await service.ask(`{ user(id: "${id}") { displayName } }`)).data.user
const erased = (user_id: number) => ({ type: 'user_erased', user_id, version: 2 }) as const
const registered = (user_id: number) =>
  ({ type: 'user_registered', user_id, username: `user${user_id}`, version: 1 }) as const

describe('a registration', () => {
  test('makes a profile, once, however often it is told', async () => {
    const viewer = await service.member(1)
    await service.ask(UPDATE, { input: { displayName: 'Chosen' } }, { viewer })
    await service.deliver('movieverse.accounts', registered(1))
    expect(await name(1)).toEqual({ displayName: 'Chosen' })
  })
})

describe('an erasure', () => {
  test('takes the profile and the follows in both directions', async () => {
    const [gone, stays] = [await service.member(10), await service.member(11)]
    service.neighbours.genres.add('1')
    await service.ask(UPDATE, { input: { displayName: 'Real Name', bio: 'About me' } }, { viewer: gone })
    await service.ask(FOLLOW, { input: { userId: '11' } }, { viewer: gone })
    await service.ask(FOLLOW, { input: { userId: '10' } }, { viewer: stays })
    await service.ask(FOLLOW, { input: { genreId: '1' } }, { viewer: stays })
    await service.deliver('movieverse.accounts', erased(10))
    await service.deliver('movieverse.accounts', erased(10))
    expect(await name(10)).toBeNull()
    expect((await service.ask('{ user(username: "user10") { id } }')).data.user).toBeNull()
    const { data } = await service.ask(
      '{ me { following { totalCount edges { node { __typename } } } } }',
      {},
      { viewer: stays },
    )
    expect(data.me).toEqual({ following: { totalCount: 1, edges: [{ node: { __typename: 'Genre' } }] } })
    expect(await service.stored(10)).not.toMatch(/Real Name|About me|user10/)
  })

  test('outlives whatever comes late: the registration, an import, the person’s own token', async () => {
    service.neighbours.accounts.set('20', { username: 'user20', createdAt: '2024-01-01T00:00:00.000Z' })
    await service.deliver('movieverse.accounts', erased(20))
    await service.deliver('movieverse.accounts', registered(20))
    await service.deliver('movieverse.accounts', {
      type: 'users_imported',
      first_id: 20,
      last_id: 20,
      count: 1,
    })
    const viewer = { userId: 20, username: 'user20', roles: ['user' as const], sessionId: 's' }
    expect((await service.ask('{ me { id } }', {}, { viewer })).data.me).toBeNull()
    expect(await name(20)).toBeNull()
    const { errors } = await service.ask(UPDATE, { input: { bio: 'x' } }, { viewer })
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
  })
})

describe('an import of members', () => {
  const imported = { type: 'users_imported', first_id: 1001, last_id: 2500, count: 1000 } as const

  test('makes the profiles that are not there, of the accounts that there are', async () => {
    for (let id = 1001; id <= 2500; id += 3)
      service.neighbours.accounts.set(String(id), {
        username: `m${id}`,
        createdAt: '2020-01-01T00:00:00.000Z',
      })
    await service.users.importProfiles([
      {
        userId: 1001,
        username: 'm1001',
        displayName: 'Made Up',
        joinedAt: new Date('2019-01-01T00:00:00.000Z'),
      },
    ])
    const before = service.neighbours.asked
    await service.deliver('movieverse.accounts', imported)
    const asked = service.neighbours.asked
    expect(await name(1001)).toEqual({ displayName: 'Made Up' })
    expect(await name(2500 - ((2500 - 1001) % 3))).toEqual({ displayName: `m${2500 - ((2500 - 1001) % 3)}` })
    expect(service.neighbours.asked).toBe(asked)
    // 1,500 ids, of which at most 1,000 are asked for at once.
    expect(asked - before).toBe(2)
  })

  test('asks nobody when the profiles are there already', async () => {
    const rows = Array.from({ length: 10 }, (_, i) => ({
      userId: 3000 + i,
      username: `p${i}`,
      displayName: `P ${i}`,
      joinedAt: new Date('2019-01-01T00:00:00.000Z'),
    }))
    await service.users.importProfiles(rows)
    const asked = service.neighbours.asked
    await service.deliver('movieverse.accounts', {
      type: 'users_imported',
      first_id: 3000,
      last_id: 3009,
      count: 10,
    })
    expect(service.neighbours.asked).toBe(asked)
  })

  test('is tried again when their owner does not answer', async () => {
    service.neighbours.reachable = false
    const range = { type: 'users_imported', first_id: 4000, last_id: 4001, count: 1 } as const
    await expect(service.deliver('movieverse.accounts', range)).rejects.toThrow()
    service.neighbours.reachable = true
    service.neighbours.accounts.set('4001', { username: 'second', createdAt: '2020-01-01T00:00:00.000Z' })
    await service.deliver('movieverse.accounts', range)
    expect(await name(4001)).toEqual({ displayName: 'second' })
  })
})

describe('what metadata has', () => {
  const follow = async (input: object) => {
    const viewer = await service.member(50)
    const { data, errors } = await service.ask<{ follow: { errors: { code: string }[] } } | null>(
      FOLLOW,
      { input },
      { viewer },
    )
    return errors?.[0]?.extensions.code ?? data?.follow.errors[0]?.code ?? 'ok'
  }

  test('is known from its events, so that its owner need not be there', async () => {
    service.neighbours.genres.add('5')
    service.neighbours.people.add('6')
    await service.deliver('movieverse.metadata', { type: 'genre_saved', genre_id: 5, version: 1 })
    await service.deliver('movieverse.metadata', { type: 'person_saved', person_id: 6, version: 1 })
    await service.deliver('movieverse.metadata', {
      type: 'genres_imported',
      first_id: 11,
      last_id: 13,
      count: 3,
    })
    await service.deliver('movieverse.metadata', {
      type: 'people_imported',
      first_id: 1,
      last_id: 2000,
      count: 1000,
    })
    await service.deliver('movieverse.metadata', {
      type: 'people_imported',
      first_id: 5001,
      last_id: 6000,
      count: 1000,
    })
    await service.deliver('movieverse.metadata', { type: 'credits_saved', movie_id: 1, version: 1 })
    service.neighbours.reachable = false
    expect(await follow({ genreId: '5' })).toBe('ok')
    expect(await follow({ genreId: '12' })).toBe('ok')
    expect(await follow({ personId: '6' })).toBe('ok')
    expect(await follow({ personId: '6000' })).toBe('ok')
    expect(await follow({ personId: '7' })).toBe('SERVICE_UNAVAILABLE')
    service.neighbours.reachable = true
    expect(await follow({ personId: '7' })).toBe('NOT_FOUND')
  })

  test('that a late event names and that is gone is not taken up', async () => {
    await service.deliver('movieverse.metadata', { type: 'genre_saved', genre_id: 77, version: 1 })
    expect(await follow({ genreId: '77' })).toBe('NOT_FOUND')
  })
})

test('an event that breaks its contract is set aside at once', async () => {
  const broken = { type: 'user_erased', user_id: -5, version: 1 } as const
  await expect(service.deliver('movieverse.accounts', broken)).rejects.toBeInstanceOf(DeadLetterError)
})
