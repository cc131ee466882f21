import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type EnvSource, port, processEnv, readEnv } from '@movieverse/kit/env'
import { z } from 'zod'

const settings = z.object({
  /** Folder of a set's data, logs and process files. */
  ENGINES_DIR: z.string().default('.engines'),
  /** First of the ports of a set; each engine has a fixed distance from it. */
  ENGINES_PORT: port.min(1024).max(65_000).default(14_000),
  /** The user's folder of what can be made again. */
  XDG_CACHE_HOME: z.string().optional(),
})

export interface EnginesSettings {
  readonly folder: string
  readonly basePort: number
  /** Where installed engines are kept, for every checkout of this user. */
  readonly cacheFolder: string
}

/** @throws StartupError BAD_ENVIRONMENT that names every fault */
export function readEnginesSettings(source: EnvSource = processEnv): EnginesSettings {
  const env = readEnv(settings, source)
  return {
    folder: resolve(env.ENGINES_DIR),
    basePort: env.ENGINES_PORT,
    cacheFolder: join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'movieverse-engines'),
  }
}
