import type { Viewer } from '@movieverse/kit/viewer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FOLLOW, openUsers, UPDATE, type UsersHarness } from './harness.ts'

let service: UsersHarness
let viewers: Record<'another' | 'owner' | 'admin', Viewer>
beforeAll(async () => {
  service = await openUsers()
  service.neighbours.genres.add('1')
  viewers = {
    owner: await service.member(1, 'owner'),
    another: await service.member(2, 'another'),
    admin: await service.member(3, 'root', ['user', 'admin']),
  }
  const input = { bio: 'Hello', avatarUrl: 'https://example.com/a.png', favoriteGenreIds: ['1'] }
  await service.ask(UPDATE, { input }, { viewer: viewers.owner })
})
afterAll(() => service?.close())

type Who = 'nobody' | 'another' | 'owner' | 'admin' | 'service'
const everyone: readonly Who[] = ['nobody', 'another', 'owner', 'admin', 'service']

/** `ok`, `null`, or the code of the refusal, of the field that the path leads to. */
async function outcome(query: string, variables: object, who: Who): Promise<string> {
  const asked =
    who === 'service' ? { service: 'reviews' } : { viewer: who === 'nobody' ? null : viewers[who] }
  const { data, errors } = await service.ask<Record<string, unknown> | null>(query, variables, asked)
  if (errors) return String(errors[0]?.extensions.code)
  return Object.values(data ?? {}).every((value) => value === null) ? 'null' : 'ok'
}

const open = ['id', 'username', 'displayName', 'bio', 'avatarUrl', 'favoriteGenres { id }', 'joinedAt']
const private_ = [
  'preferences { language matureContent emailNotifications }',
  'following { totalCount edges { cursor } }',
]
const ways = {
  'by id': ['{ user(id: "1") { FIELD } }', {}],
  'by name': ['{ user(username: "owner") { FIELD } }', {}],
  'as an entity': [
    'query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { FIELD } } }',
    { of: [{ __typename: 'User', id: '1' }] },
  ],
} as const

describe.each(Object.entries(ways))('a user, asked for %s', (_, [query, variables]) => {
  test.each(open)('shows %s to everyone', async (field) => {
    for (const who of everyone)
      expect([who, await outcome(query.replace('FIELD', field), variables, who)]).toEqual([who, 'ok'])
  })

  test.each(private_)('shows %s to the owner, administrators and services alone', async (field) => {
    const outcomes = await Promise.all(
      everyone.map((who) => outcome(query.replace('FIELD', field), variables, who)),
    )
    expect(outcomes).toEqual(['FORBIDDEN', 'FORBIDDEN', 'ok', 'ok', 'ok'])
  })
})

test('who may not see a field still gets the rest of the page', async () => {
  const { data, errors } = await service.ask(
    '{ user(id: "1") { username preferences { language } following { totalCount } } }',
    {},
    { viewer: viewers.another },
  )
  expect(data).toEqual({ user: { username: 'owner', preferences: null, following: null } })
  expect(errors?.map(({ path, extensions }) => [path?.join('.'), extensions.code])).toEqual([
    ['user.preferences', 'FORBIDDEN'],
    ['user.following', 'FORBIDDEN'],
  ])
})

test('me is the viewer, and null without one', async () => {
  const outcomes = await Promise.all(
    everyone.map((who) => outcome('{ me { id preferences { language } } }', {}, who)),
  )
  expect(outcomes).toEqual(['null', 'ok', 'ok', 'ok', 'null'])
})

test.each([
  ['updateProfile', UPDATE, { bio: 'Hello' }],
  ['follow', FOLLOW, { genreId: '1' }],
])('%s is for who is signed in', async (_, mutation, input) => {
  const outcomes: string[] = []
  for (const who of everyone) outcomes.push(await outcome(mutation, { input }, who))
  expect(outcomes).toEqual(['UNAUTHENTICATED', 'ok', 'ok', 'ok', 'UNAUTHENTICATED'])
})
