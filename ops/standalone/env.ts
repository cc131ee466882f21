import { type EnvSource, flag, platformSettings, port, readEnv } from '@movieverse/kit/env'
import { z } from 'zod'

const settings = z.object({
  ...platformSettings,
  /** A platform in one's own terminal speaks up when something is wrong. */
  LOG_LEVEL: platformSettings.LOG_LEVEL.unwrap().default('warn'),
  PORT: port.default(4000),
  HOST: z.string().default('127.0.0.1'),
  /** `none`: neither the sample nor the demo accounts. */
  SAMPLE: z.enum(['movielens', 'none']).default('movielens'),
  /** The schema can be read by everybody unless it is switched off. */
  INTROSPECTION: flag.default(true),
})

export type StandaloneSettings = z.output<typeof settings>

/** @throws StartupError BAD_ENVIRONMENT that names every fault */
export function readStandaloneSettings(source?: EnvSource): StandaloneSettings {
  return readEnv(settings, source)
}
