import { z } from 'zod'
import { StartupError } from './errors.ts'

/** Where settings come from: the process's environment, or a test's own. */
export type EnvSource = Readonly<Record<string, string | undefined>>

/** The process's environment. Read here and in the packages' env.ts, nowhere else. */
export const processEnv: EnvSource = process.env

/**
 * Reads settings by a schema; an empty value counts as absent.
 * @throws StartupError BAD_ENVIRONMENT that names every fault at once, without the values (they may be secrets)
 */
export function readEnv<Schema extends z.ZodType>(
  schema: Schema,
  source: EnvSource = processEnv,
): z.output<Schema> {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const result = schema.safeParse(present)
  if (result.success) return result.data
  const faults = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new StartupError(
    'BAD_ENVIRONMENT',
    `The environment is not valid:\n    ${faults.join('\n    ')}`,
    'Set these variables and start again.',
  )
}

/** A switch: `true`/`false`, `1`/`0`, `yes`/`no`, `on`/`off`. */
export const flag = z.stringbool()
/** A TCP port; 0 takes a free one. */
export const port = z.coerce.number().int().min(0).max(65_535)
/** Milliseconds. */
export const milliseconds = z.coerce.number().int().positive()

/** What every process of the platform reads. */
export const platformSettings = {
  /** Folder of everything that the platform keeps. */
  DATA_DIR: z.string().default('.movieverse'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** Port of the built-in PostgreSQL; a free one unless set. */
  POSTGRES_PORT: port.optional(),
  /** Private Ed25519 JWK that identities are signed with, in base64url. Default: that of IDENTITY_KEY_FILE. */
  IDENTITY_KEY: z.string().optional(),
  /** File of that JWK; made when it is absent. Default: in DATA_DIR. */
  IDENTITY_KEY_FILE: z.string().optional(),
  /** Milliseconds for which a process that is to stop still listens, with red readiness (`drainServer`). */
  DRAIN_MS: z.coerce.number().int().min(0).default(0),
}

/** @returns `DATABASE_URL_REVIEWS` for `reviews`: the variable that names a service's own database server */
export function databaseVariable(service: string): string {
  return `DATABASE_URL_${service.toUpperCase().replaceAll('-', '_')}`
}
