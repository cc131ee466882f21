import { environmentAddresses } from '@movieverse/kit/addresses'
import { processEnv } from '@movieverse/kit/env'
import { reasonOf, StartupError } from '@movieverse/kit/errors'
import { createIdentitySigner, readIdentityKey } from '@movieverse/kit/identity'
import type { KeyValue } from '@movieverse/kit/kv/kv'
import type { Lifecycle } from '@movieverse/kit/lifecycle'
import type { Log } from '@movieverse/kit/log'
import { openKeyValues } from '@movieverse/kit/platform'
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

/** The JWKS of the subgraph `auth`, from each of its processes, unless it is told where else. */
async function jwksUrls({ JWKS_URL }: GatewaySettings, source: SupergraphSource): Promise<readonly URL[]> {
  if (JWKS_URL !== undefined) return [new URL(JWKS_URL)]
  const given = environmentAddresses(processEnv)('auth')
  const auth =
    given.length > 0 ? given : [readSupergraph(await source.read()).subgraphs.get('auth') ?? []].flat()
  if (auth.length > 0) return auth.map((address) => new URL('/.well-known/jwks.json', address))
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
  const jwks = await jwksUrls(settings, source)
  const key = await readIdentityKey(settings)
  const { sessions, cache, close } = await openKeyValues({ env: processEnv, dataDir, port, log, join: true })
  lifecycle.onStop('sessions and caches', close)
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
