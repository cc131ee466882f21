import { buildFederatedSchema } from '@movieverse/kit/graphql/build'
import { readId } from '@movieverse/kit/graphql/ids'
import type { KeyValue } from '@movieverse/kit/kv/kv'
import type { Log } from '@movieverse/kit/log'
import type { Background, Subgraph } from '@movieverse/kit/subgraph'
import { tracedStore } from '@movieverse/kit/telemetry'
import type { EventOrigin } from '@movieverse/schema/events/contract'
import type { JSONWebKeySet } from 'jose'
import { createAccounts } from './accounts.ts'
import { type Administration, createAdministration } from './administration.ts'
import { createAttempts } from './attempts.ts'
import type { AuthSettings } from './env.ts'
import { createKeyRotation } from './key-rotation.ts'
import { createKeyring } from './keyring.ts'
import { type ImportedMember, importMembers } from './members.ts'
import { createPasswords } from './passwords.ts'
import { AccountResolver, visibleAccount } from './resolvers.ts'
import { createSecret } from './secret.ts'
import { createSessions } from './sessions.ts'
import { createSignIn } from './sign-in.ts'
import type { AccountStore } from './store.ts'
import { createAccessTokens } from './tokens.ts'

export interface AuthDependencies {
  readonly store: AccountStore
  /** The durable instance, in which the gateway looks for sessions. */
  readonly sessions: KeyValue
  /** The instance that may be lost: counters of attempts. */
  readonly cache: KeyValue
  /** At least 32 characters; signing keys are sealed with it, refresh tokens derived of it. */
  readonly secret: string
  readonly settings: AuthSettings
  readonly log: Log
  /** What runs beside: the outbox's relay. */
  readonly background?: readonly Background[]
  readonly checks?: Subgraph['checks']
  /** The clock. */
  readonly now?: () => Date
}

export interface AuthSubgraph extends Subgraph {
  /** What `/.well-known/jwks.json` answers (RFC 7517). */
  jwks(): Promise<JSONWebKeySet>
  readonly administration: Administration
  /** Members of a data set, who cannot sign in; again for the same sources it only answers their ids. */
  importMembers(members: readonly ImportedMember[], origin?: EventOrigin): Promise<number[]>
}

export function createAuthSubgraph(dependencies: AuthDependencies): AuthSubgraph {
  const { settings, log, cache, checks = {}, background = [], now = () => new Date() } = dependencies
  const store = tracedStore('auth', dependencies.store)
  const secret = createSecret(dependencies.secret)
  const keyring = createKeyring({ store, secret, settings: settings.keys, now })
  const sessions = createSessions({ store: dependencies.sessions, secret, settings: settings.sessions, now })
  const parts = {
    store,
    sessions,
    passwords: createPasswords(settings.passwords),
    attempts: createAttempts({ store: cache, limits: settings.limits, secret, log }),
    signAccessToken: createAccessTokens(keyring, settings.sessions.accessTokenMs, now),
  }
  const signIn = createSignIn(parts)
  const accounts = createAccounts({ ...parts, signIn })
  return {
    name: 'auth',
    schema: buildFederatedSchema({
      resolvers: [new AccountResolver({ store, accounts, signIn, sessions })],
      references: {
        Account: async (reference, context) => {
          const id = readId(reference.id)
          return id === null ? null : visibleAccount(store, id, context)
        },
      },
    }),
    consumers: [],
    workers: [],
    background: [...background, createKeyRotation(keyring, log)],
    checks: {
      database: () => store.ping(),
      sessions: () => dependencies.sessions.ping(),
      ...checks,
    },
    close: () => store.close(),
    jwks: () => keyring.jwks(),
    administration: createAdministration({ ...parts, accounts, keyring }),
    importMembers: (members, origin) => importMembers(store, members, origin),
  }
}
