import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { type EnvSource, port, processEnv, readEnv } from '@movieverse/kit/env'
import { z } from 'zod'
import type { Variables } from './interpolate.ts'

const settings = z.object({
  /** Folder of the engines' data; `env` in it says where they are. */
  ENGINES_DIR: z.string().default('.engines'),
  /** Folder of logs, volumes and temporary files. Default: `distributed` in ENGINES_DIR. */
  DISTRIBUTED_DIR: z.string().optional(),
  /** First of the ports of the processes. */
  DISTRIBUTED_PORT: port.min(1024).default(4100),
})

export interface DistributedSettings {
  readonly folder: string
  readonly basePort: number
  /** What docker-compose.yml's variables are: the environment, over the engines' addresses, over `.env`. */
  readonly variables: Variables
  readonly inherited: Variables
}

const filled = async (file: string): Promise<Variables> =>
  existsSync(file) ? parseEnv(await readFile(file, 'utf8')) : {}

/** @throws StartupError BAD_ENVIRONMENT that names every fault */
export async function readDistributedSettings(source: EnvSource = processEnv): Promise<DistributedSettings> {
  const env = readEnv(settings, source)
  return {
    folder: resolve(env.DISTRIBUTED_DIR ?? join(env.ENGINES_DIR, 'distributed')),
    basePort: env.DISTRIBUTED_PORT,
    variables: { ...(await filled('.env')), ...(await filled(join(env.ENGINES_DIR, 'env'))), ...source },
    inherited: { PATH: source.PATH, HOME: source.HOME, NODE_COMPILE_CACHE: source.NODE_COMPILE_CACHE },
  }
}
