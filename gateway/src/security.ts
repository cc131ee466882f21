import { openDatabases, sharedDatabase } from '@movieverse/kit/databases/databases'
import { processEnv } from '@movieverse/kit/env'
import { reasonOf, StartupError } from '@movieverse/kit/errors'
import { createIdentitySigner, identityKeyFile, loadIdentityKey } from '@movieverse/kit/identity'
import type { KeyValue } from '@movieverse/kit/kv/kv'
import { createPostgresKeyValue } from '@movieverse/kit/kv/postgres'
import type { Lifecycle } from '@movieverse/kit/lifecycle'
import type { Log } from '@movieverse/kit/log'
import { type Authentication, createAuthentication } from './auth/authentication.ts'
import { createIdentityHeaders } from './auth/identity.ts'
import { createRevocations } from './auth/revocations.ts'
import { createTokenVerifier } from './auth/tokens.ts'
import type { GatewaySettings } from './env.ts'
import type { SupergraphSource } from './supergraph/file.ts'
import { readSupergraph } from './supergraph/read.ts'
import type { HttpTransportOptions } from './transport/http.ts'

/** What the program needs to know its clients, and to be known to its subgraphs. */
export interface Security {
  readonly authentication: Authentication
  readonly headersFor: NonNullable<HttpTransportOptions['headersFor']>
  /** Shared counters and documents. */
  readonly cache: KeyValue
  readonly sessions: KeyValue
}

/** The JWKS of the subgraph `auth`, unless it is told where else. */
async function jwksUrl({ JWKS_URL }: GatewaySettings, source: SupergraphSource): Promise<URL> {
  if (JWKS_URL !== undefined) return new URL(JWKS_URL)
  const auth = readSupergraph(await source.read()).subgraphs.get('auth')
  if (auth !== undefined) return new URL('/.well-known/jwks.json', auth)
  throw new StartupError(
    'BAD_ENVIRONMENT',
    'The supergraph has no subgraph "auth", so there is nobody who signs access tokens.',
    'Set JWKS_URL to where the keys are, or start with --no-auth.',
  )
}

/** Opens the session store and reads the platform's keys. */
export async function openSecurity(
  settings: GatewaySettings,
  source: SupergraphSource,
  { lifecycle, log }: { readonly lifecycle: Lifecycle; readonly log: Log },
): Promise<Security> {
  const { DATA_DIR: dataDir, POSTGRES_PORT: port } = settings
  const jwks = await jwksUrl(settings, source)
  const key = await loadIdentityKey(identityKeyFile(settings))
  const databases = await openDatabases({
    services: [sharedDatabase],
    env: processEnv,
    dataDir,
    port,
    log,
    join: true,
  })
  lifecycle.onStop('databases', () => databases.stop())
  const url = databases.url(sharedDatabase)
  const [sessions, cache] = await Promise.all([
    createPostgresKeyValue({ url, durable: true, log }),
    createPostgresKeyValue({ url, durable: false, log }),
  ])
  lifecycle.onStop('sessions', () => sessions.close())
  lifecycle.onStop('cache', () => cache.close())
  const onStaleKeys = (error: unknown) =>
    log.warn({ reason: reasonOf(error) }, 'signing keys could not be read again')
  const tokens = createTokenVerifier({ jwks, issuer: 'movieverse', audience: 'movieverse', onStaleKeys })
  return {
    authentication: createAuthentication({ tokens, revocations: createRevocations(sessions) }),
    headersFor: createIdentityHeaders(createIdentitySigner(key)),
    sessions,
    cache,
  }
}
