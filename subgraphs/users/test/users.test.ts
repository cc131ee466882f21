import { readFileSync } from 'node:fs'
import { printSdl } from '@movieverse/kit/graphql/build'
import { contractGaps } from '@movieverse/kit/testing/contract'
import type { Viewer } from '@movieverse/kit/viewer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openUsers, UPDATE, type UsersHarness } from './harness.ts'

let service: UsersHarness
beforeAll(async () => {
  service = await openUsers()
  for (const id of ['1', '2', '3']) service.neighbours.genres.add(id)
})
afterAll(() => service?.close())

const PROFILE = 'id username displayName bio avatarUrl favoriteGenres { id } joinedAt'
const me = async (viewer: Viewer | null) =>
  (await service.ask(`{ me { ${PROFILE} } }`, {}, { viewer })).data.me
const user = async (args: string) => (await service.ask(`{ user(${args}) { ${PROFILE} } }`)).data.user
interface Updated {
  readonly user: Record<string, unknown> | null
  readonly errors: readonly { code: string; field: string[] }[]
}
const update = async (viewer: Viewer, input: object) =>
  (await service.ask<{ updateProfile: Updated }>(UPDATE, { input }, { viewer })).data.updateProfile
const codes = ({ errors }: Updated) => errors.map(({ code, field }) => [code, ...field].join(' '))

describe('a profile', () => {
  test('is found by id and by name, whatever its case', async () => {
    await service.member(1, 'Ada.L')
    const profile = {
      id: '1',
      username: 'Ada.L',
      displayName: 'Ada.L',
      bio: null,
      avatarUrl: null,
      favoriteGenres: [],
      joinedAt: expect.stringMatching(/Z$/),
    }
    expect(await user('id: "1"')).toEqual(profile)
    expect(await user('username: "ADA.l"')).toEqual(profile)
    expect(await user('username: "ａｄａ.l"')).toEqual(profile)
    expect(await user('username: "nobody"')).toBeNull()
    expect(await user(String.raw`username: "\u0000"`)).toBeNull()
    expect(await user('id: "999"')).toBeNull()
  })

  test.each(['', 'id: "1", username: "Ada.L"', 'id: "x"', 'id: "-1"', 'id: null'])(
    'is not answered to user(%s)',
    async (args) => {
      const { errors } = await service.ask(`{ user${args && `(${args})`} { id } }`)
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
    },
  )

  test('is there for its owner even before the registration is heard of', async () => {
    const early: Viewer = { userId: 20, username: 'Early', roles: ['user'], sessionId: 's' }
    expect(await me(null)).toBeNull()
    expect(await me(early)).toMatchObject({ id: '20', username: 'Early', displayName: 'Early' })
    const time = new Date('2024-01-01T00:00:00.000Z')
    const event = { type: 'user_registered' as const, user_id: 20, username: 'Early', version: 1 }
    await service.deliver('movieverse.accounts', event, time)
    expect(await me(early)).toMatchObject({ displayName: 'Early', joinedAt: time.toISOString() })
  })

  test('of someone whose registration is late is made of the account itself', async () => {
    service.neighbours.accounts.set('21', { username: 'Late', createdAt: '2024-02-02T00:00:00.000Z' })
    expect(await user('id: "21"')).toMatchObject({ username: 'Late', joinedAt: '2024-02-02T00:00:00.000Z' })
    const asked = service.neighbours.asked
    expect(await user('id: "21"')).toMatchObject({ username: 'Late' })
    expect(service.neighbours.asked).toBe(asked)
  })

  test('nobody can tell of is null, and the page around it still comes', async () => {
    await service.member(22)
    service.neighbours.reachable = false
    const { data, errors } = await service.ask(
      '{ there: user(id: "22") { id } lost: user(id: "998") { id } }',
    )
    service.neighbours.reachable = true
    expect({ data, errors }).toEqual({ data: { there: { id: '22' }, lost: null }, errors: undefined })
  })
})

describe('changing the profile', () => {
  test('answers what it is now, and tells of it', async () => {
    const viewer = await service.member(30)
    const before = (await service.told()).length
    const { user: changed, errors } = await update(viewer, {
      displayName: '  Grace 💡 Hopper ',
      bio: 'First line.\r\nSecond line.',
      avatarUrl: 'https://example.com/a.png',
      favoriteGenreIds: ['3', '1', '3'],
      preferences: { language: 'PT-br', matureContent: true, emailNotifications: false },
    })
    expect(errors).toEqual([])
    expect(changed).toEqual({
      id: '30',
      displayName: 'Grace 💡 Hopper',
      bio: 'First line.\nSecond line.',
      avatarUrl: 'https://example.com/a.png',
      favoriteGenres: [{ id: '3' }, { id: '1' }],
      preferences: { language: 'pt-BR', matureContent: true, emailNotifications: false },
    })
    expect(await me(viewer)).toMatchObject({
      displayName: 'Grace 💡 Hopper',
      favoriteGenres: [{ id: '3' }, { id: '1' }],
    })
    expect((await service.told()).slice(before)).toEqual([
      { type: 'profile_updated', user_id: 30, version: 2 },
    ])
  })

  test('leaves what is not named, and empties what is null', async () => {
    const viewer = await service.member(31)
    await update(viewer, { bio: 'Hello', avatarUrl: 'https://example.com/b.png', favoriteGenreIds: ['2'] })
    expect((await update(viewer, { displayName: 'Named' })).user).toMatchObject({
      bio: 'Hello',
      displayName: 'Named',
    })
    const nulls = { displayName: null, bio: null, avatarUrl: null, favoriteGenreIds: null, preferences: null }
    expect((await update(viewer, nulls)).user).toMatchObject({
      displayName: 'Named',
      bio: null,
      avatarUrl: null,
      favoriteGenres: [{ id: '2' }],
      preferences: { language: 'en', matureContent: false, emailNotifications: true },
    })
    expect((await update(viewer, { bio: '  ', favoriteGenreIds: [] })).user).toMatchObject({
      bio: null,
      favoriteGenres: [],
    })
  })

  test('to what it is already tells nobody', async () => {
    const viewer = await service.member(32)
    await update(viewer, { displayName: 'Same', favoriteGenreIds: ['1', '2'] })
    const before = await service.told()
    const again = { displayName: ' Same ', favoriteGenreIds: ['1', '2'], preferences: { language: 'en' } }
    expect((await update(viewer, again)).errors).toEqual([])
    expect(await service.told()).toEqual(before)
  })

  test('counts characters, not bytes', async () => {
    const viewer = await service.member(33)
    expect((await update(viewer, { displayName: '💡'.repeat(120), bio: '💡'.repeat(500) })).errors).toEqual(
      [],
    )
    expect(codes(await update(viewer, { displayName: '💡'.repeat(121) }))).toEqual([
      'INVALID_VALUE displayName',
    ])
    expect(codes(await update(viewer, { bio: '💡'.repeat(501) }))).toEqual(['INVALID_VALUE bio'])
  })

  test.each([
    [{ displayName: ' ' }, 'INVALID_VALUE displayName'],
    [{ displayName: 'two\nlines' }, 'INVALID_VALUE displayName'],
    [{ displayName: 'nul\0' }, 'INVALID_VALUE displayName'],
    [{ bio: 'bell\u0007' }, 'INVALID_VALUE bio'],
    [{ preferences: { language: 'not a language' } }, 'INVALID_VALUE preferences language'],
    [{ favoriteGenreIds: ['1', '77'] }, 'NOT_FOUND favoriteGenreIds'],
    [
      { favoriteGenreIds: Array.from({ length: 51 }, (_, i) => String(i + 1)) },
      'INVALID_VALUE favoriteGenreIds',
    ],
  ])('refuses %j, and then changes nothing', async (input, expected) => {
    const viewer = await service.member(34)
    const before = await me(viewer)
    const refused = await update(viewer, { displayName: 'Valid', ...input })
    expect(codes(refused)).toEqual([expected])
    expect(refused.user).toBeNull()
    expect(await me(viewer)).toEqual(before)
  })

  test.each([
    { avatarUrl: 'javascript:alert(1)' },
    { avatarUrl: 'https://user:secret@example.com/' },
    { favoriteGenreIds: ['x'] },
  ])('refuses %j as malformed', async (input) => {
    const viewer = await service.member(35)
    const { errors } = await service.ask(UPDATE, { input }, { viewer })
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
  })

  test('tells all faults at once', async () => {
    const viewer = await service.member(36)
    expect(
      codes(await update(viewer, { displayName: '', bio: 'x'.repeat(501), preferences: { language: '?' } })),
    ).toEqual(['INVALID_VALUE displayName', 'INVALID_VALUE bio', 'INVALID_VALUE preferences language'])
  })

  test('to favourite genres waits for the owner of genres when it cannot tell', async () => {
    const viewer = await service.member(37)
    service.neighbours.reachable = false
    const { errors } = await service.ask(UPDATE, { input: { favoriteGenreIds: ['55'] } }, { viewer })
    service.neighbours.reachable = true
    expect(errors?.[0]?.extensions.code).toBe('SERVICE_UNAVAILABLE')
  })
})

test('profiles of imported members are taken up once, with display names of their own', async () => {
  const rows = Array.from({ length: 2500 }, (_, i) => ({
    userId: 10_000 + i,
    username: `member.${i}`,
    displayName: `Member ${i}`,
    joinedAt: new Date('2015-03-01T00:00:00.000Z'),
  }))
  const before = service.statements.length
  await service.users.importProfiles(rows)
  await service.users.importProfiles(rows)
  expect(service.statements.length - before).toBe(6)
  expect(await user('username: "member.2499"')).toMatchObject({ id: '12499', displayName: 'Member 2499' })
})

test('a page of users takes as many statements as one of them', async () => {
  const query = /* GraphQL */ `
    query ($of: [_Any!]!) {
      _entities(representations: $of) {
        ... on User {
          username displayName favoriteGenres { id } preferences { language }
          following(first: 2) { totalCount edges { node { ... on User { username } } } }
        }
      }
    }
  `
  const admin = await service.member(5000, 'root', ['user', 'admin'])
  const statements = async (count: number) => {
    const of = Array.from({ length: count }, (_, i) => ({ __typename: 'User', id: String(10_000 + i) }))
    const before = service.statements.length
    const { data, errors } = await service.ask<{ _entities: unknown[] }>(query, { of }, { viewer: admin })
    expect(errors).toBeUndefined()
    expect(data._entities).toHaveLength(count)
    return service.statements.length - before
  }
  expect([await statements(1), await statements(60)]).toEqual([3, 3])
})

test('the schema holds all of the contract', () => {
  const contract = readFileSync('schema/contract/users.graphql', 'utf8')
  expect(contractGaps(printSdl(service.users.schema), contract)).toEqual([])
})
