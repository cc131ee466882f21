import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { StartupError } from '@movieverse/kit/errors'
import { noTrustedDocuments, readTrustedDocuments, type TrustedDocuments } from './documents/trusted.ts'
import type { GatewaySettings } from './env.ts'
import { createGraphiQL, type GraphiQL } from './graphiql/graphiql.ts'
import type { HttpServer } from './http/server.ts'
import { defaultLimits } from './limits/settings.ts'

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
