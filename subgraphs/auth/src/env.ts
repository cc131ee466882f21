import { type EnvSource, platformSettings, readEnv } from '@movieverse/kit/env'
import { z } from 'zod'
import type { AttemptLimits } from './attempts.ts'
import type { KeyringSettings } from './keyring.ts'
import type { PasswordSettings } from './passwords.ts'
import { readSecretFile } from './secret.ts'
import type { SessionSettings } from './sessions.ts'

export interface AuthSettings {
  readonly limits: AttemptLimits
  readonly sessions: SessionSettings
  readonly keys: KeyringSettings
  readonly passwords: PasswordSettings
}

const count = z.coerce.number().int().positive()
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const variables = z.object({
  DATA_DIR: platformSettings.DATA_DIR,
  /** What signing keys are sealed with and refresh tokens are derived of. Default: the file auth.secret in DATA_DIR, made when absent. */
  AUTH_SECRET: z.string().min(32, 'has fewer than 32 characters').optional(),
  /** Wrong passwords a minute. */
  AUTH_FAILURES_PER_ACCOUNT: count.default(10),
  AUTH_FAILURES_PER_ADDRESS: count.default(100),
  /** Registrations an hour. */
  AUTH_REGISTRATIONS_PER_ADDRESS: count.default(100),
  AUTH_KEY_ROTATION_DAYS: z.coerce.number().positive().default(30),
  /** Passwords hashed at once; each takes 19 MiB and a core. */
  AUTH_HASHING_CONCURRENCY: count.default(2),
})

/** @throws StartupError BAD_ENVIRONMENT that names every fault */
export function readAuthSettings(source?: EnvSource): AuthSettings {
  const env = readEnv(variables, source)
  const accessTokenMs = 15 * minute
  return {
    limits: {
      failuresByAccount: { limit: env.AUTH_FAILURES_PER_ACCOUNT, windowMs: minute },
      failuresByAddress: { limit: env.AUTH_FAILURES_PER_ADDRESS, windowMs: minute },
      registrationsByAddress: { limit: env.AUTH_REGISTRATIONS_PER_ADDRESS, windowMs: hour },
    },
    sessions: { accessTokenMs, refreshTokenMs: 7 * day, graceMs: 10_000 },
    keys: {
      rotationMs: env.AUTH_KEY_ROTATION_DAYS * day,
      leadMs: hour,
      // A minute for clocks that differ.
      trailMs: accessTokenMs + minute,
    },
    passwords: { concurrency: env.AUTH_HASHING_CONCURRENCY, waiting: 500 },
  }
}

/** AUTH_SECRET, or that of the data folder. */
export async function readAuthSecret(source?: EnvSource): Promise<string> {
  const env = readEnv(variables, source)
  return env.AUTH_SECRET ?? readSecretFile(env.DATA_DIR)
}
