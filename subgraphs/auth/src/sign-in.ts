import { badUserInput, unauthenticated } from '@movieverse/kit/errors'
import type { Viewer } from '@movieverse/kit/viewer'
import type { Attempts } from './attempts.ts'
import { sessionReused } from './events.ts'
import { type Fault, fault, type Outcome, refused } from './faults.ts'
import { email, isFault, username } from './names.ts'
import type { Passwords } from './passwords.ts'
import type { Sessions } from './sessions.ts'
import type { Account, AccountStore } from './store.ts'
import type { SignAccessToken } from './tokens.ts'

/** Where a request comes from. */
export interface Client {
  readonly address?: string
  readonly userAgent?: string
}

/** A session as its owner gets it: the only time that the refresh token is known. */
export interface OpenSession {
  readonly id: string
  readonly accessToken: string
  readonly accessTokenExpiresAt: Date
  readonly refreshToken: string
  readonly account: Account
}

export interface Credentials {
  readonly email?: string | null
  readonly username?: string | null
  readonly password: string
}

export interface SignIn {
  /** @throws GraphQLError RATE_LIMITED, BAD_USER_INPUT unless exactly one of e-mail and user name is given */
  login(credentials: Credentials, client: Client): Promise<Outcome<OpenSession>>
  refresh(refreshToken: string): Promise<Outcome<OpenSession>>
  /** @returns how many sessions were ended */
  logout(viewer: Viewer, everywhere: boolean): Promise<number>
  /**
   * Opens a session for someone whose identity is proven. Refused when password, roles or existence have changed since
   * the account was read: who ends all sessions ends those in the making too.
   */
  open(account: Account, client: Client): Promise<Outcome<OpenSession>>
  /**
   * The signed-in account, once it has given its password again. Wrong ones count as failed sign-ins.
   * @param field the input field that holds the password
   */
  confirm(
    viewer: Viewer,
    password: string,
    asked: { field: string; client: Client },
  ): Promise<Outcome<Account>>
}

export interface SignInParts {
  readonly store: AccountStore
  readonly sessions: Sessions
  readonly passwords: Passwords
  readonly attempts: Attempts
  readonly signAccessToken: SignAccessToken
}

const expired = fault('SESSION_EXPIRED', 'This session has ended. Sign in again.')
const reused = fault(
  'SESSION_REUSED',
  'This refresh token was used before: its session has been ended. Sign in again.',
)

export function createSignIn({ store, sessions, passwords, attempts, signAccessToken }: SignInParts): SignIn {
  async function give(account: Account, session: { id: string; refreshToken: string }): Promise<OpenSession> {
    const { token, expiresAt } = await signAccessToken(account, session.id)
    return { ...session, accessToken: token, accessTokenExpiresAt: expiresAt, account }
  }

  async function open(account: Account, { userAgent }: Client): Promise<Outcome<OpenSession>> {
    const { id, sessionEpoch: epoch } = account
    const session = await sessions.open({ userId: id, epoch, userAgent })
    // After the session is stored: a change before this look is seen by it, a later one finds the session and ends it.
    const [present] = await store.byIds([id])
    if (present?.sessionEpoch === epoch) return { value: await give(present, session) }
    await sessions.end(session.id)
    return refused(expired)
  }

  /**
   * Unknown accounts are counted by what was typed, so that they are limited just as known ones are. Attempts are counted
   * when their turn has come: those that wait are not failures yet, and never so many at once that right ones reach a limit.
   */
  async function proves(account: Account | null, asked: { name: string; password: string; client: Client }) {
    const forget: (() => Promise<void>)[] = []
    const right = await passwords.verify(account?.passwordHash ?? null, asked.password, async () => {
      forget.push(await attempts.count('failuresByAddress', asked.client.address))
      forget.push(
        await attempts.count('failuresByAccount', account ? `id ${account.id}` : `name ${asked.name}`),
      )
    })
    if (right) await Promise.all(forget.map((each) => each()))
    return right
  }

  async function login({ email: address, username: name, password }: Credentials, client: Client) {
    const typed = address ?? name
    if (typed == null || (address != null && name != null))
      throw badUserInput('Give either an e-mail address or a user name.', 'input')
    const parsed = address != null ? email(typed) : username(typed)
    const known = isFault(parsed)
      ? null
      : await (address != null ? store.byEmailKey(parsed.key) : store.byUsernameKey(parsed.key))
    const key = isFault(parsed) ? typed : parsed.key
    if (!(await proves(known, { name: key, password, client })) || !known)
      // Says nothing of which of the two was wrong.
      return refused(fault('INVALID_CREDENTIALS', 'The name or the password is wrong.'))
    if (known.passwordHash !== null && passwords.isOutdated(known.passwordHash))
      await store.rehash(known.id, known.passwordHash, await passwords.hash(password))
    return open(known, client)
  }

  async function refresh(refreshToken: string): Promise<Outcome<OpenSession>> {
    const rotation = await sessions.rotate(refreshToken)
    if (rotation.outcome === 'expired') return refused(expired)
    if (rotation.outcome === 'reused') {
      await store.touch(rotation.userId, (account) => [sessionReused(account)])
      return refused(reused)
    }
    const { session } = rotation
    const [account] = await store.byIds([session.userId])
    if (!account || account.sessionEpoch !== session.epoch) {
      await sessions.end(session.id)
      return refused(expired)
    }
    return { value: await give(account, { id: session.id, refreshToken: rotation.refreshToken }) }
  }

  return {
    login,
    refresh,
    open,
    async logout(viewer, everywhere) {
      const ended = (await sessions.end(viewer.sessionId)) ? 1 : 0
      return everywhere ? ended + (await sessions.endAll(viewer.userId)) : ended
    },
    async confirm(viewer, password, { field, client }) {
      const [account] = await store.byIds([viewer.userId])
      if (!account) throw unauthenticated('This account is gone.')
      const right = await proves(account, { name: account.username, password, client })
      if (right) return { value: account }
      const wrong: Fault = fault('INVALID_CREDENTIALS', 'The password is wrong.', field)
      return refused(wrong)
    },
  }
}
