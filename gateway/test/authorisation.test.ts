import { identityHeader } from '@movieverse/kit/identity'
import type { KeyValue } from '@movieverse/kit/kv/kv'
import { createPostgresKeyValue } from '@movieverse/kit/kv/postgres'
import { silentLog } from '@movieverse/kit/log'
import { createTestDatabase, type TestDatabase } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sessionKey } from '../src/auth/revocations.ts'
import { type Body, type RunningGateway, startGateway } from './running.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { type Subgraphs, startSubgraphs } from './subgraphs.ts'

let database: TestDatabase
let sessions: KeyValue
let signIn: SignIn
let subgraphs: Subgraphs
let running: RunningGateway

beforeAll(async () => {
  database = await createTestDatabase('kit')
  sessions = await createPostgresKeyValue({ url: database.url, durable: true, log: silentLog })
  signIn = await createSignIn(sessions)
  subgraphs = await startSubgraphs({
    accounts: {
      sdl: `
        type Query {
          public: String
          mine: String @authenticated
          admin: String @requiresScopes(scopes: [["admin"]])
          either: String @requiresScopes(scopes: [["admin", "user"], ["auditor"]])
          account: Account
          node: Node
          place: Place
          level: Level
          secret: Secret
        }
        type Mutation { open: String close: String @authenticated }
        type Account @key(fields: "id") @authenticated { id: ID! email: String salary: Int @requiresScopes(scopes: [["admin"]]) }
        interface Node { id: ID! owner: String }
        type Film implements Node { id: ID! owner: String }
        type Draft implements Node { id: ID! owner: String @authenticated }
        type Place { name: String! inner: Account required: Account! }
        enum Level @authenticated { LOW HIGH }
        scalar Secret @requiresScopes(scopes: [["admin"]])
      `,
      resolvers: {
        Query: {
          public: () => 'p',
          mine: () => 'm',
          admin: () => 'a',
          either: () => 'e',
          account: () => ({ id: 1 }),
          node: () => ({ __typename: 'Film', id: 1, owner: 'o' }),
          place: () => ({ name: 'n', inner: { id: 1 }, required: { id: 1 } }),
          level: () => 'LOW',
          secret: () => 's',
        },
        Mutation: { open: () => 'opened', close: () => 'closed' },
        Account: {
          __resolveReference: (reference) => reference,
          email: () => 'ada@example.org',
          salary: () => 1,
        },
      },
    },
    reviews: {
      sdl: `type Account @key(fields: "id") { id: ID! reviews: [String!]! }`,
      resolvers: { Account: { reviews: () => ['good'] } },
    },
  })
  running = await startGateway(subgraphs.supergraph, { ...signIn, introspection: false })
})
afterAll(async () => {
  await running?.close()
  await subgraphs?.close()
  await sessions?.close()
  await database?.close()
})
beforeEach(() => {
  subgraphs.fetches.length = 0
})

const codes = ({ errors }: Body) =>
  Object.fromEntries((errors ?? []).map(({ path, extensions }) => [path?.join('.'), extensions.code]))
const asked = () => subgraphs.fetches.map(({ query }) => query).join('\n')

describe('a field with @authenticated', () => {
  it('is withheld from the signed-out and not fetched', async () => {
    const body = await running.ask('{ public mine }')
    expect(body.data).toEqual({ public: 'p', mine: null })
    expect(codes(body)).toEqual({ mine: 'UNAUTHENTICATED' })
    expect(asked()).not.toContain('mine')
  })

  it('is there for the signed-in', async () => {
    expect(await running.ask('{ public mine }', {}, await signIn.as(1))).toEqual({
      data: { public: 'p', mine: 'm' },
    })
  })
})

describe('a field with @requiresScopes', () => {
  it('is there for those who have all scopes of one set', async () => {
    const query = '{ admin either }'
    expect(codes(await running.ask(query))).toEqual({ admin: 'UNAUTHENTICATED', either: 'UNAUTHENTICATED' })
    expect(codes(await running.ask(query, {}, await signIn.as(1)))).toEqual({
      admin: 'FORBIDDEN',
      either: 'FORBIDDEN',
    })
    const admin = await running.ask(query, {}, await signIn.as(2, ['user', 'admin']))
    expect(admin).toEqual({ data: { admin: 'a', either: 'e' } })
  })
})

describe('a protected type', () => {
  it('is withheld wherever it is answered, nested, renamed and in fragments', async () => {
    const query = `{ account { email } place { name other: inner { id } ...F } } fragment F on Place { inner { ... on Account { reviews } } }`
    const out = await running.ask(query)
    expect(out.data).toEqual({ account: null, place: { name: 'n', other: null, inner: null } })
    expect(codes(out)).toEqual({
      account: 'UNAUTHENTICATED',
      'place.other': 'UNAUTHENTICATED',
      'place.inner': 'UNAUTHENTICATED',
    })
    expect(asked()).not.toMatch(/email|reviews|inner/)
    const inside = await running.ask(query, {}, await signIn.as(1))
    expect(inside).toEqual({
      data: {
        account: { email: 'ada@example.org' },
        place: { name: 'n', other: { id: '1' }, inner: { reviews: ['good'] } },
      },
    })
  })

  it('withholds its field with a rule of its own from others than that rule allows', async () => {
    const query = '{ account { email salary } }'
    const user = await running.ask(query, {}, await signIn.as(1))
    expect(user.data).toEqual({ account: { email: 'ada@example.org', salary: null } })
    expect(codes(user)).toEqual({ 'account.salary': 'FORBIDDEN' })
  })

  it('nulls the parent where it may not be null', async () => {
    const body = await running.ask('{ public place { name required { id } } }')
    expect(body.data).toEqual({ public: 'p', place: null })
    expect(codes(body)).toEqual({ 'place.required': 'UNAUTHENTICATED' })
  })

  it('may be an enum or a scalar', async () => {
    expect(codes(await running.ask('{ level secret }'))).toEqual({
      level: 'UNAUTHENTICATED',
      secret: 'UNAUTHENTICATED',
    })
    const user = await running.ask('{ level secret }', {}, await signIn.as(1))
    expect([user.data, codes(user)]).toEqual([{ level: 'LOW', secret: null }, { secret: 'FORBIDDEN' }])
  })
})

describe('an interface', () => {
  it('withholds a field that one of its implementations protects', async () => {
    const body = await running.ask('{ node { id owner } }')
    expect(body.data).toEqual({ node: { id: '1', owner: null } })
    expect(codes(body)).toEqual({ 'node.owner': 'UNAUTHENTICATED' })
  })

  it('gives the field of an implementation that does not', async () => {
    expect((await running.ask('{ node { id ... on Film { owner } } }')).data).toEqual({
      node: { id: '1', owner: 'o' },
    })
  })
})

describe('a mutation with a withheld root field', () => {
  it('does nothing at all', async () => {
    const body = await running.ask('mutation { open shut: close }')
    expect(body.data).toBeNull()
    expect(codes(body)).toEqual({ shut: 'UNAUTHENTICATED' })
    expect(subgraphs.fetches).toEqual([])
    const signedIn = await running.ask('mutation { open shut: close }', {}, await signIn.as(1))
    expect(signedIn.data).toEqual({ open: 'opened', shut: 'closed' })
  })
})

describe('a token', () => {
  it.each(['Bearer nonsense', 'Basic YTpi', 'Bearer', 'Bearer a.b.c'])(
    '"%s" is refused, nothing runs',
    async (authorization) => {
      const answer = await running.post({ query: '{ public }' }, { authorization })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
      expect(((await answer.json()) as Body).errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED' })
      expect(subgraphs.fetches).toEqual([])
    },
  )

  it('of a session that was ended is refused at once', async () => {
    const headers = await signIn.as(7)
    expect((await running.ask('{ mine }', {}, headers)).data).toEqual({ mine: 'm' })
    await sessions.delete([sessionKey('session-7')])
    expect((await running.post({ query: '{ public }' }, headers)).status).toBe(401)
    expect((await running.ask('{ mine }', {}, await signIn.as(8))).data).toEqual({ mine: 'm' })
  })

  it('is not believed while the session store does not answer', async () => {
    const lost = await createPostgresKeyValue({ url: database.url, durable: true, log: silentLog })
    const own = await createSignIn(lost)
    const headers = await own.as(1)
    const strict = await startGateway(subgraphs.supergraph, own)
    expect((await strict.ask('{ mine }', {}, headers)).data).toEqual({ mine: 'm' })
    await lost.close()
    expect((await strict.ask('{ public }')).data).toEqual({ public: 'p' })
    const answer = await strict.post({ query: '{ public }' }, headers)
    expect(answer.status).toBe(503)
    expect(((await answer.json()) as Body).errors?.[0]?.extensions.code).toBe('SERVICE_UNAVAILABLE')
    await strict.close()
  })
})

describe('a subgraph', () => {
  it('is told who asks, by an identity for it alone', async () => {
    await running.ask(
      '{ account { email reviews } }',
      {},
      await signIn.as(5, ['user', 'admin'], 'session-five'),
    )
    const byService = new Map(
      subgraphs.fetches.map(({ service, headers }) => [service, String(headers[identityHeader])]),
    )
    const viewer = { userId: 5, username: 'user5', roles: ['user', 'admin'], sessionId: 'session-five' }
    expect(await signIn.verifierFor('accounts').verify(byService.get('accounts'))).toEqual({
      viewer,
      service: undefined,
    })
    expect(await signIn.verifierFor('reviews').verify(byService.get('reviews'))).toEqual({
      viewer,
      service: undefined,
    })
    await expect(signIn.verifierFor('reviews').verify(byService.get('accounts'))).rejects.toThrow('not valid')
  })

  it('is told that nobody is signed in, and never the client token', async () => {
    await running.ask('{ public }')
    const headers = subgraphs.fetches[0]?.headers
    expect((await signIn.verifierFor('accounts').verify(String(headers?.[identityHeader]))).viewer).toBeNull()
    expect(headers?.authorization).toBeUndefined()
  })
})

describe('the schema', () => {
  it('is shown to administrators only, where introspection is off', async () => {
    const query = '{ __schema { queryType { name } } }'
    expect(codes(await running.ask(query, {}, await signIn.as(1)))).toEqual({
      undefined: 'INTROSPECTION_DISABLED',
    })
    const admin = await running.ask(query, {}, await signIn.as(2, ['user', 'admin']))
    expect(admin.data).toEqual({ __schema: { queryType: { name: 'Query' } } })
  })
})
