import { flag, milliseconds, platformSettings, port, readEnv } from '@movieverse/kit/env'
import { z } from 'zod'
import { defaultLimits, defaultRates } from './limits/settings.ts'

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
)
const count = z.coerce.number().int().min(0)

const settings = z.object({
  ...platformSettings,
  /** Where clients find the gateway. */
  PORT: port.default(4000),
  HOST: z.string().default('127.0.0.1'),
  /** The composed supergraph. */
  SUPERGRAPH: z.string().default('schema/supergraph.graphql'),
  /** Documents of the front ends, known by hash. */
  TRUSTED_DOCUMENTS: z.string().default('schema/operations'),
  TRUSTED_DOCUMENTS_ONLY: flag.default(false),
  /** The built GraphiQL; not served where the folder is absent. */
  GRAPHIQL_DIR: z.string().default('dist/graphiql'),
  INTROSPECTION: flag.default(false),
  /** Where access tokens' keys are; by default beside the subgraph `auth` of the supergraph. */
  JWKS_URL: z.url().optional(),
  /** Addresses and CIDR blocks, by commas. */
  TRUSTED_PROXIES: list.default([]),
  FORWARDED_HEADER: z.enum(['x-forwarded-for', 'forwarded']).default('x-forwarded-for'),
  BLOCKED_ADDRESSES: list.default([]),
  CORS_ORIGINS: list.default([]),
  /** Requests a minute; 0 does not limit. */
  RATE_PER_ADDRESS: count.default(defaultRates.perAddress),
  RATE_PER_USER: count.default(defaultRates.perUser),
  RATE_EXEMPT: list.default([...defaultRates.exempt]),
  REQUEST_TIMEOUT_MS: milliseconds.default(30_000),
  LIMIT_COST: count.default(defaultLimits.cost),
  LIMIT_DEPTH: count.default(defaultLimits.depth),
})

export type GatewaySettings = z.output<typeof settings>

/** @throws StartupError BAD_ENVIRONMENT that names every fault */
export function readGatewaySettings(): GatewaySettings {
  return readEnv(settings)
}
