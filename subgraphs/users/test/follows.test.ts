import type { Viewer } from '@movieverse/kit/viewer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FOLLOW, openUsers, type UsersHarness } from './harness.ts'

let service: UsersHarness
beforeAll(async () => {
  service = await openUsers()
  for (let id = 1; id <= 50; id += 1) {
    service.neighbours.genres.add(String(id))
    service.neighbours.people.add(String(id))
  }
})
afterAll(() => service?.close())

interface Followed {
  readonly followed: { readonly __typename: string; readonly id: string } | null
  readonly errors: readonly { code: string; field: string[] | null }[]
}
const follow = async (viewer: Viewer, input: object) =>
  (await service.ask<{ follow: Followed }>(FOLLOW, { input }, { viewer })).data.follow

interface Page {
  readonly totalCount: number
  readonly edges: readonly {
    cursor: string
    followedAt: string
    node: { __typename: string; id: string } | null
  }[]
  readonly pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null }
}
const FOLLOWING = /* GraphQL */ `
  query ($first: Int, $after: String) {
    me {
      following(first: $first, after: $after) {
        totalCount
        edges { cursor followedAt node { __typename ... on Person { id } ... on Genre { id } ... on User { id displayName } } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
`
const following = async (viewer: Viewer, variables: object = {}) =>
  (await service.ask<{ me: { following: Page } }>(FOLLOWING, variables, { viewer })).data.me.following
const listed = ({ edges }: Page) => edges.map(({ node }) => node && `${node.__typename} ${node.id}`)

describe('following', () => {
  test('a person, a genre or a user is answered with it and told once', async () => {
    const viewer = await service.member(1)
    await service.member(2, 'friend')
    const before = (await service.told()).length
    expect(await follow(viewer, { personId: '7' })).toEqual({
      followed: { __typename: 'Person', id: '7' },
      errors: [],
    })
    await follow(viewer, { genreId: '3', following: true })
    await follow(viewer, { genreId: '3' })
    expect(await follow(viewer, { userId: '2' })).toEqual({
      followed: { __typename: 'User', id: '2', username: 'friend' },
      errors: [],
    })
    expect(listed(await following(viewer))).toEqual(['User 2', 'Genre 3', 'Person 7'])
    const told = (type: string, target_type: string, target_id: number, version: number) => ({
      type,
      user_id: 1,
      target_type,
      target_id,
      version,
    })
    expect((await service.told()).slice(before)).toEqual([
      told('followed', 'person', 7, 2),
      told('followed', 'genre', 3, 3),
      told('followed', 'user', 2, 4),
    ])
  })

  test('ends with following: false, and ending it again changes nothing', async () => {
    const viewer = await service.member(3)
    await follow(viewer, { genreId: '4' })
    const before = (await service.told()).length
    for (let i = 0; i < 2; i += 1)
      expect(await follow(viewer, { genreId: '4', following: false })).toEqual({
        followed: { __typename: 'Genre', id: '4' },
        errors: [],
      })
    expect((await following(viewer)).totalCount).toBe(0)
    expect((await service.told()).slice(before)).toHaveLength(1)
  })

  test.each([
    [{}, 'INVALID_VALUE', null],
    [{ personId: '1', genreId: '1' }, 'INVALID_VALUE', null],
    [{ personId: '1', genreId: '1', userId: '1' }, 'INVALID_VALUE', null],
    [{ userId: '4' }, 'INVALID_VALUE', ['userId']],
    [{ userId: '999' }, 'NOT_FOUND', ['userId']],
    [{ personId: '999' }, 'NOT_FOUND', ['personId']],
    [{ genreId: '999' }, 'NOT_FOUND', ['genreId']],
    [{ genreId: '999', following: false }, 'NOT_FOUND', ['genreId']],
  ])('%j is refused with %s', async (input, code, field) => {
    const viewer = await service.member(4)
    expect(await follow(viewer, input)).toEqual({ followed: null, errors: [{ code, field }] })
  })

  test('a malformed id is the caller’s fault', async () => {
    const viewer = await service.member(5)
    const { errors } = await service.ask(FOLLOW, { input: { personId: 'x' } }, { viewer })
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
  })
})

describe('the list of what one follows', () => {
  test('comes in pages, newest first, that new follows do not shift', async () => {
    const viewer = await service.member(10)
    for (let id = 1; id <= 7; id += 1) await follow(viewer, { personId: String(id) })
    const first = await following(viewer, { first: 3 })
    expect(listed(first)).toEqual(['Person 7', 'Person 6', 'Person 5'])
    expect(first).toMatchObject({ totalCount: 7, pageInfo: { hasNextPage: true, hasPreviousPage: false } })
    await follow(viewer, { genreId: '1' })
    await follow(viewer, { personId: '6', following: false })
    const second = await following(viewer, { first: 3, after: first.pageInfo.endCursor })
    expect(listed(second)).toEqual(['Person 4', 'Person 3', 'Person 2'])
    const third = await following(viewer, { first: 3, after: second.pageInfo.endCursor })
    expect(listed(third)).toEqual(['Person 1'])
    expect(third).toMatchObject({ totalCount: 7, pageInfo: { hasNextPage: false, hasPreviousPage: true } })
  })

  test('is empty for who follows nothing, and has 20 unless asked otherwise', async () => {
    const viewer = await service.member(11)
    expect(await following(viewer)).toMatchObject({ totalCount: 0, edges: [], pageInfo: { endCursor: null } })
    for (let id = 1; id <= 25; id += 1) await follow(viewer, { genreId: String(id) })
    const { data } = await service.ask<{ me: { following: Page } }>(
      '{ me { following { edges { cursor } } } }',
      {},
      { viewer },
    )
    expect(data.me.following.edges).toHaveLength(20)
  })

  test.each([{ first: 0 }, { first: 101 }, { after: 'x' }, { after: 'WyJPTERFU1QiLDFd' }])(
    'refuses %j',
    async (variables) => {
      const viewer = await service.member(12)
      const { errors } = await service.ask(FOLLOWING, variables, { viewer })
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
    },
  )

  test('takes as many statements for many as for one, and counts only when asked', async () => {
    const viewer = await service.member(13)
    for (let id = 100; id < 130; id += 1) {
      await service.member(id)
      await follow(viewer, { userId: String(id) })
    }
    const statements = async (query: string) => {
      const before = service.statements.length
      const { errors } = await service.ask(query, {}, { viewer })
      expect(errors).toBeUndefined()
      return service.statements.length - before
    }
    const list = (first: number, more = '') =>
      `{ me { following(first: ${first}) { edges { node { ... on User { displayName } } } ${more} } } }`
    expect(await statements(list(1))).toBe(await statements(list(30)))
    expect(await statements(list(30, 'totalCount'))).toBe((await statements(list(30))) + 1)
  })
})
