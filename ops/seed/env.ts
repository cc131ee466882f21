import { platformSettings, readEnv } from '@movieverse/kit/env'
import { z } from 'zod'

const settings = z.object({
  ...platformSettings,
  LOG_LEVEL: platformSettings.LOG_LEVEL.unwrap().default('warn'),
  /** `none`: neither the sample nor the demo accounts. */
  SAMPLE: z.enum(['movielens', 'none']).default('movielens'),
  /** Of the account `admin` when it is made. */
  ADMIN_PASSWORD: z.string().min(12, 'has fewer than 12 characters'),
})

/** @throws StartupError BAD_ENVIRONMENT that names every fault */
export const readSeedSettings = () => readEnv(settings)
