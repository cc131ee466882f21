import { readFileSync } from 'node:fs'
import { printSdl } from '@movieverse/kit/graphql/build'
import { contractGaps } from '@movieverse/kit/testing/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AuthHarness,
  CHANGE_PASSWORD,
  DELETE,
  LOGIN,
  LOGOUT,
  type Member,
  openAuth,
  password,
  REFRESH,
  REGISTER,
  SET_ROLES,
} from './harness.ts'

let service: AuthHarness
let owner: Member
let another: Member
let admin: Member
beforeAll(async () => {
  service = await openAuth()
  const administrator = { username: 'root', email: 'root@example.com', password }
  await service.auth.administration.createAdministrator(administrator)
  owner = await service.register('owner')
  another = await service.register('another')
  admin = await service.login('root')
})
afterAll(() => service?.close())

type Who = 'nobody' | 'another' | 'owner' | 'admin' | 'service'
const asWho = (who: Who) => {
  if (who === 'service') return { service: 'users' }
  return { viewer: { nobody: undefined, another, owner, admin }[who]?.viewer }
}
/** What each may do with the owner's account: `ok`, `null`, or the code of the refusal. */
const everyone = (nobody: string, other: string, own: string, administrator: string) =>
  [
    ['nobody', nobody],
    ['another', other],
    ['owner', own],
    ['admin', administrator],
  ] as const satisfies readonly (readonly [Who, string])[]

async function outcome(query: string, variables: object, who: Who): Promise<string> {
  const { data, errors } = await service.ask<Record<string, unknown> | null>(query, variables, asWho(who))
  if (errors) return String(errors[0]?.extensions.code)
  return Object.values(data ?? {}).every((value) => value === null) ? 'null' : 'ok'
}

const accountFields = ['id', 'email', 'username', 'roles', 'createdAt', 'sessions { id }', 'user { id }']

describe('rights', () => {
  describe.each(accountFields)("an account's %s", (field) => {
    test.each(everyone('FORBIDDEN', 'FORBIDDEN', 'ok', 'ok'))(
      'by id, asked by %s: %s',
      async (who, expected) => {
        const query = `query ($id: ID!) { account(id: $id) { ${field} } }`
        expect(await outcome(query, { id: owner.viewer.userId }, who)).toBe(expected)
      },
    )

    test.each(everyone('null', 'ok', 'ok', 'ok'))('of one’s own, asked by %s: %s', async (who, expected) => {
      expect(await outcome(`{ account { ${field} } }`, {}, who)).toBe(expected)
    })

    test.each([...everyone('FORBIDDEN', 'FORBIDDEN', 'ok', 'ok'), ['service', 'ok'] as const])(
      'as an entity, asked by %s: %s',
      async (who, expected) => {
        const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Account { ${field} } } }`
        const of = [{ __typename: 'Account', id: String(owner.viewer.userId) }]
        expect(await outcome(query, { of }, who)).toBe(expected)
      },
    )
  })

  const ineffective = { email: 'x', username: '?', password: 'short' }
  test.each([
    ['register', REGISTER, ineffective, everyone('ok', 'ok', 'ok', 'ok')],
    ['login', LOGIN, { username: 'nobody.known', password }, everyone('ok', 'ok', 'ok', 'ok')],
    ['refreshSession', REFRESH, { refreshToken: 'none' }, everyone('ok', 'ok', 'ok', 'ok')],
    ['logout', LOGOUT, {}, everyone('UNAUTHENTICATED', 'ok', 'ok', 'ok')],
    [
      'changePassword',
      CHANGE_PASSWORD,
      { currentPassword: 'wrong password', newPassword: 'x' },
      everyone('UNAUTHENTICATED', 'ok', 'ok', 'ok'),
    ],
    ['deleteAccount', DELETE, { password: 'wrong password' }, everyone('UNAUTHENTICATED', 'ok', 'ok', 'ok')],
    [
      'setRoles',
      SET_ROLES,
      { accountId: '999999', roles: ['USER'] },
      everyone('UNAUTHENTICATED', 'FORBIDDEN', 'FORBIDDEN', 'ok'),
    ],
  ])('to %s', async (_, query, input, expected) => {
    const outcomes: (readonly [Who, string])[] = []
    for (const [who] of expected) outcomes.push([who, await outcome(query, { input }, who)])
    expect(outcomes).toEqual(expected)
  })

  test('a service reads accounts, and may do nothing else that needs a client', async () => {
    expect(await outcome(LOGOUT, { input: {} }, 'service')).toBe('UNAUTHENTICATED')
    expect(await outcome(SET_ROLES, { input: { accountId: '1', roles: ['USER'] } }, 'service')).toBe(
      'UNAUTHENTICATED',
    )
  })

  test('an account that is not there is null to those who may ask', async () => {
    expect(await outcome('{ account(id: "999999") { id } }', {}, 'admin')).toBe('null')
    expect(await outcome('{ account(id: "999999") { id } }', {}, 'owner')).toBe('FORBIDDEN')
    expect(await outcome('{ account(id: "x") { id } }', {}, 'admin')).toBe('BAD_USER_INPUT')
  })
})

test('a page of accounts takes one statement, however many they are', async () => {
  const members = await service.auth.importMembers(
    Array.from({ length: 50 }, (_, i) => ({ source: `page:${i}`, username: `page.${i}` })),
  )
  const query =
    'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Account { id email username createdAt user { id } } } }'
  const statements = async (ids: readonly number[]) => {
    const before = service.statements.length
    const of = ids.map((id) => ({ __typename: 'Account', id: String(id) }))
    const { data } = await service.ask<{ _entities: unknown[] }>(query, { of }, { service: 'users' })
    expect(data._entities).toHaveLength(ids.length)
    return service.statements.length - before
  }
  expect([await statements(members.slice(0, 1)), await statements(members)]).toEqual([1, 1])
})

test('the schema holds all of the contract', () => {
  const contract = readFileSync('schema/contract/auth.graphql', 'utf8')
  expect(contractGaps(printSdl(service.auth.schema), contract)).toEqual([])
})
