import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { processEnv } from '@movieverse/kit/env'
import { reasonOf, StartupError } from '@movieverse/kit/errors'
import { createIdentitySigner, loadIdentityKey } from '@movieverse/kit/identity'
import type { KeyValue } from '@movieverse/kit/kv/kv'
import { createPostgresKeyValue } from '@movieverse/kit/kv/postgres'
import type { Lifecycle } from '@movieverse/kit/lifecycle'
import type { Log } from '@movieverse/kit/log'
import { openDatabases } from '@movieverse/kit/postgres/databases'
import { type Authentication, createAuthentication } from './auth/authentication.ts'
import { createIdentityHeaders } from './auth/identity.ts'
import { createRevocations } from './auth/revocations.ts'
import { createTokenVerifier } from './auth/tokens.ts'
import { noTrustedDocuments, readTrustedDocuments, type TrustedDocuments } from './documents/trusted.ts'
import type { GatewaySettings } from './env.ts'
import { createGraphiQL, type GraphiQL } from './graphiql/graphiql.ts'
import type { HttpServer } from './http/server.ts'
import { defaultLimits } from './limits/settings.ts'
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
  const { DATA_DIR: dataDir, POSTGRES_PORT: port, IDENTITY_KEY_FILE } = settings
  const jwks = await jwksUrl(settings, source)
  const key = await loadIdentityKey(IDENTITY_KEY_FILE ?? join(dataDir, 'identity.jwk'))
  const services = ['sessions', 'cache']
  const databases = await openDatabases({ services, env: processEnv, dataDir, port, log, join: true })
  lifecycle.onStop('databases', () => databases.stop())
  const [sessions, cache] = await Promise.all([
    createPostgresKeyValue({ url: databases.url('sessions'), durable: true, log }),
    createPostgresKeyValue({ url: databases.url('cache'), durable: false, log }),
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

/** What the settings say of limits, rates, addresses and origins; both kinds of limits null when nothing is limited. */
export function frontOptions(settings: GatewaySettings, limited: boolean) {
  const { RATE_PER_ADDRESS: perAddress, RATE_PER_USER: perUser, RATE_EXEMPT: exempt } = settings
  return {
    limits: limited ? { ...defaultLimits, cost: settings.LIMIT_COST, depth: settings.LIMIT_DEPTH } : null,
    rates: limited ? { perAddress, perUser, exempt } : null,
    introspection: settings.INTROSPECTION,
    trustedOnly: settings.TRUSTED_DOCUMENTS_ONLY,
    addresses: {
      trustedProxies: settings.TRUSTED_PROXIES,
      forwardedHeader: settings.FORWARDED_HEADER,
      blocked: settings.BLOCKED_ADDRESSES,
    },
    cors: settings.CORS_ORIGINS.length > 0 ? { origins: settings.CORS_ORIGINS } : null,
    requestTimeoutMs: settings.REQUEST_TIMEOUT_MS,
  }
}

/** The front ends' documents and the page, where they are there. */
export async function readFiles(
  settings: GatewaySettings,
): Promise<{ readonly trusted: TrustedDocuments; readonly graphiql: GraphiQL | null }> {
  const { TRUSTED_DOCUMENTS: documents, GRAPHIQL_DIR: page } = settings
  const trusted = existsSync(documents) ? await readTrustedDocuments(documents) : noTrustedDocuments
  const graphiql = existsSync(join(page, 'manifest.json')) ? await createGraphiQL(page, trusted) : null
  return { trusted, graphiql }
}

/**
 * @returns the port that it listens on
 * @throws StartupError PORT_TAKEN
 */
export async function listen({ server }: HttpServer, port: number, host: string): Promise<number> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE') throw error
    throw new StartupError(
      'PORT_TAKEN',
      `Port ${port} of ${host} is taken.`,
      'Stop what listens there, or name another port with --port or PORT.',
      { cause: error },
    )
  }
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}
