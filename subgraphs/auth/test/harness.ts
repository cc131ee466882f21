import type { KeyValue } from '@movieverse/kit/kv/kv'
import { createPostgresKeyValue } from '@movieverse/kit/kv/postgres'
import { silentLog } from '@movieverse/kit/log'
import { createOutbox } from '@movieverse/kit/outbox/sql-outbox'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import { executeOn, type TestRequest } from '@movieverse/kit/testing/execute'
import type { KeyValueServer } from '@movieverse/kit/testing/key-value-server'
import type { Viewer } from '@movieverse/kit/viewer'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { readAuthSettings } from '../src/env.ts'
import { createAuthClient, createPrismaAccountStore } from '../src/store.prisma.ts'
import { createAuthSubgraph } from '../src/subgraph.ts'

export type AuthHarness = Awaited<ReturnType<typeof openAuth>>

const secret = 'a secret of the tests, long enough'

export interface AuthGround {
  readonly env?: Record<string, string>
  /** What carries sessions and counters; default: the service's own database. */
  readonly keyValues?: Pick<KeyValueServer, 'open'>
}

/** Auth on a database of its own, with a clock that stands still until it is put forward. */
export async function openAuth({ env = {}, keyValues }: AuthGround = {}) {
  const database = await createTestDatabase('auth')
  const statements: string[] = []
  const client = createAuthClient(database.url, { onStatement: (sql) => statements.push(sql) })
  const open = (durable: boolean) =>
    keyValues?.open(durable) ?? createPostgresKeyValue({ url: database.url, durable, log: silentLog })
  const [sessions, cache] = await Promise.all([true, false].map(open))
  if (!sessions || !cache) throw new Error('no key-value store')
  const counters: string[] = []
  const counting: KeyValue = {
    ...cache,
    increment(key, ...rest) {
      counters.push(key)
      return cache.increment(key, ...rest)
    },
  }
  const started = Date.now()
  let ahead = 0
  const now = () => new Date(started + ahead)
  const store = createPrismaAccountStore({ client, outbox: createOutbox({ source: 'auth' }) })
  const settings = readAuthSettings(env)
  const another = () =>
    createAuthSubgraph({ store, sessions, cache: counting, secret, settings, log: silentLog, now })
  const auth = another()

  const ask = <Data = Json>(query: string, variables: object = {}, who: Omit<TestRequest, 'query'> = {}) =>
    executeOn<Data>(auth, { query, variables: { ...variables }, ...who })

  /** Whom an access token names, checked with the published keys as the gateway does. @throws when it is not valid */
  async function viewerOf(accessToken: string): Promise<Viewer> {
    const { payload } = await jwtVerify(accessToken, createLocalJWKSet(await auth.jwks()), {
      issuer: 'movieverse',
      audience: 'movieverse',
      algorithms: ['EdDSA'],
      currentDate: now(),
    })
    return {
      userId: Number(payload.sub),
      username: String(payload.username),
      roles: payload.roles as Viewer['roles'],
      sessionId: String(payload.sid),
    }
  }

  async function memberOf(answer: SessionAnswer | undefined): Promise<Member> {
    if (!answer?.session) throw new Error(`no session: ${JSON.stringify(answer)}`)
    const { accessToken, refreshToken } = answer.session
    return { viewer: await viewerOf(accessToken), accessToken, refreshToken }
  }

  return {
    auth,
    /** The service in a further process, on the same stores. */
    another,
    store,
    sessions,
    statements,
    /** Keys of the counters that were used. */
    counters,
    ask,
    viewerOf,
    now,
    /** Puts the clock forward. */
    advance: (ms: number) => {
      ahead += ms
    },
    /** A new account, signed in; its e-mail address is `<name>@example.com`. */
    async register(username: string, who: Omit<TestRequest, 'query'> = {}): Promise<Member> {
      const input = { username, email: `${username}@example.com`, password }
      return memberOf((await ask<{ register: SessionAnswer }>(REGISTER, { input }, who)).data?.register)
    },
    async login(username: string, who: Omit<TestRequest, 'query'> = {}): Promise<Member> {
      const input = { username, password }
      return memberOf((await ask<{ login: SessionAnswer }>(LOGIN, { input }, who)).data?.login)
    },
    async changePassword(viewer: Viewer): Promise<Member> {
      const input = { currentPassword: password, newPassword: `${password}, changed` }
      const { data } = await ask<{ changePassword: SessionAnswer }>(CHANGE_PASSWORD, { input }, { viewer })
      return memberOf(data.changePassword)
    },
    refresh: async (refreshToken: string) =>
      (await ask<{ refreshSession: SessionAnswer }>(REFRESH, { input: { refreshToken } })).data
        .refreshSession,
    isRevoked: async ({ sessionId }: Viewer) => (await sessions.get(`session:${sessionId}`)) === null,
    /** The events that were told, as the domain's JSON, oldest first. */
    told: async () =>
      (await client.outboxEvent.findMany({ orderBy: { position: 'asc' } })).map(
        ({ data }) => data as Record<string, unknown>,
      ),
    async close() {
      await auth.close()
      await Promise.all([sessions.close(), cache.close()])
      await database.close()
    },
  }
}

/** An answer that a test reaches into without naming its type. */
export interface Json {
  readonly [field: string]: Json
}

export interface Member {
  readonly viewer: Viewer
  readonly accessToken: string
  readonly refreshToken: string
}

export interface SessionAnswer {
  readonly session: {
    readonly accessToken: string
    readonly accessTokenExpiresAt: string
    readonly refreshToken: string
    readonly account: { readonly id: string; readonly username: string }
  } | null
  readonly errors: readonly { code: string; message: string; field: readonly string[] | null }[]
}

export const password = 'correct horse battery staple'

const SESSION = /* GraphQL */ `
  session { accessToken accessTokenExpiresAt refreshToken account { id username } }
  errors { code message field }
`
export const REGISTER = `mutation ($input: RegisterInput!) { register(input: $input) { ${SESSION} } }`
export const LOGIN = `mutation ($input: LoginInput!) { login(input: $input) { ${SESSION} } }`
export const REFRESH = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { ${SESSION} } }`
export const CHANGE_PASSWORD = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { ${SESSION} } }`
export const LOGOUT = /* GraphQL */ `
  mutation ($input: LogoutInput!) { logout(input: $input) { sessionsEnded errors { code } } }
`
export const DELETE = /* GraphQL */ `
  mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { deletedAccountId errors { code field } } }
`
export const SET_ROLES = /* GraphQL */ `
  mutation ($input: SetRolesInput!) { setRoles(input: $input) { account { id roles } errors { code field } } }
`
