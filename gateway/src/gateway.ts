import type { KeyValue } from '@movieverse/kit/kv/kv'
import type { Log } from '@movieverse/kit/log'
import { isAdmin, type Viewer } from '@movieverse/kit/viewer'
import type { Authentication } from './auth/authentication.ts'
import { readRequirements } from './auth/requirements.ts'
import { createDocuments, type Documents } from './documents/documents.ts'
import { createPersistedDocuments } from './documents/persisted.ts'
import type { TrustedDocuments } from './documents/trusted.ts'
import type { GraphiQL } from './graphiql/graphiql.ts'
import { createAccessLog } from './http/access-log.ts'
import { type AddressSettings, addressSet, createAddresses } from './http/addresses.ts'
import { type CorsSettings, createCors } from './http/cors.ts'
import { createDeadlines } from './http/deadlines.ts'
import { createGraphQLEndpoint } from './http/graphql.ts'
import { createRoutes, type Handler } from './http/routes.ts'
import { createRunner } from './http/runner.ts'
import { createSharing } from './http/sharing.ts'
import { createAdmission } from './limits/admission.ts'
import { createRateLimiter } from './limits/rates.ts'
import { type Limits, type Rates, unlimitedBodyBytes } from './limits/settings.ts'
import { createGatewayMetrics } from './metrics.ts'
import type { Engine, Supergraph } from './operation.ts'
import type { SupergraphSource } from './supergraph/file.ts'
import { supergraphDocument } from './supergraph/read.ts'
import { type Serving, serveSupergraph } from './supergraph/serving.ts'

export interface GatewayOptions {
  readonly source: SupergraphSource
  /** Makes what plans and runs the operations of a supergraph. */
  readonly engineOf: (supergraph: Supergraph) => Engine
  /** Null: everybody is signed out, and `@authenticated` and `@requiresScopes` are not enforced. */
  readonly authentication: Authentication | null
  /** Null: nothing is limited but the time and, generously, the body. */
  readonly limits: Limits | null
  /** Null: nobody is limited. */
  readonly rates: Rates | null
  /** Shared counters and registered documents; null keeps them in this process. */
  readonly cache: KeyValue | null
  /** Whether everybody may read the schema; administrators may in any case. */
  readonly introspection: boolean
  readonly graphiql: GraphiQL | null
  /** Planned before a supergraph starts to serve. */
  readonly trusted: TrustedDocuments
  /** Nothing but trusted documents is run. Default false. */
  readonly trustedOnly?: boolean
  readonly addresses?: AddressSettings
  /** Default null: pages of other origins may not call. */
  readonly cors?: CorsSettings | null
  /** Equal queries that are under way at one time are run once. Default false. */
  readonly deduplicate?: boolean
  /** Milliseconds for a whole request. Default 30,000. */
  readonly requestTimeoutMs?: number
  readonly log: Log
}

/** The gateway without a port: it answers whatever HTTP server it is put behind. */
export interface Gateway {
  /** The supergraph in force; a new one is planned for before it serves, and one that cannot serve is refused. */
  readonly serving: Serving<Documents>
  /** Answers one request; never throws. */
  readonly handle: Handler
  /** For `/readyz`. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>
  /** Stops the timers and hands the last counts to the store. */
  close(): Promise<void>
}

function createRates(rates: Rates | null, cache: KeyValue | null, log: Log) {
  const limiter = (name: string, limit: number | undefined) =>
    rates && limit ? createRateLimiter({ name, limit, windowMs: 60_000, store: cache, log }) : null
  const addresses = limiter('address', rates?.perAddress)
  const users = limiter('user', rates?.perUser)
  return { addresses, users, isExempt: addressSet(rates?.exempt ?? []) }
}

/**
 * Reads the supergraph and plans the trusted documents.
 * @throws Error when the first supergraph cannot be served, saying why
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { authentication, limits, cache, trusted, source, log } = options
  const metrics = createGatewayMetrics()

  async function build(supergraph: Supergraph): Promise<Documents> {
    const requirements = authentication && readRequirements(supergraphDocument(supergraph))
    const engine = options.engineOf(supergraph)
    const documents = createDocuments(engine, { limits, requirements, onLookup: metrics.documentLookup })
    await documents.warm([...trusted.byId.values()].map(({ text }) => text))
    return documents
  }
  const serving = await serveSupergraph({ source, build, log })
  const first = serving.state()
  if (first.phase === 'failed') {
    serving.close()
    throw new Error(first.reason)
  }

  const addresses = createAddresses(options.addresses)
  const cors = createCors(options.cors ?? null)
  const deadlines = createDeadlines(options.requestTimeoutMs ?? 30_000)
  const rates = createRates(options.rates, cache, log)
  const runner = createRunner({
    documents: serving.current,
    persisted: createPersistedDocuments({
      trusted,
      store: cache,
      trustedOnly: options.trustedOnly ?? false,
      log,
    }),
    limits,
    sharing: options.deduplicate ? createSharing() : undefined,
    mayIntrospect: (viewer: Viewer | null) => options.introspection || isAdmin(viewer),
    log,
  })
  const graphql = createGraphQLEndpoint({
    runner,
    authentication,
    admission: createAdmission(rates),
    cors,
    deadlines,
    maxBodyBytes: limits?.bodyBytes ?? unlimitedBodyBytes,
    maxBatch: limits?.batch ?? Number.POSITIVE_INFINITY,
    metrics,
    logAccess: createAccessLog(log, metrics),
    log,
  })

  return {
    serving,
    handle: createRoutes({ graphql, graphiql: options.graphiql, addresses, cors, log }),
    checks: {
      async supergraph() {
        serving.current()
      },
    },
    async close() {
      serving.close()
      deadlines.close()
      await Promise.all([rates.addresses?.close(), rates.users?.close()])
    },
  }
}
