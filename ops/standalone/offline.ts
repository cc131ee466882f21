import { processEnv } from '@movieverse/kit/env'
import type { Log } from '@movieverse/kit/log'
import { openPlatform, type Platform } from '@movieverse/kit/platform'
import { createSubgraphs, type Subgraphs, serviceNames } from './subgraphs.ts'

export interface OfflineOptions {
  readonly dataDir: string
  /** Of the built-in PostgreSQL. */
  readonly port: number | undefined
  readonly log: Log
}

/**
 * Runs `work` with every subgraph made and none at work, on migrated databases: beside a running platform, by its server,
 * or without one. All is closed again. @throws StartupError as openPlatform does
 */
export async function withSubgraphs<T>(
  { dataDir, port, log }: OfflineOptions,
  work: (subgraphs: Subgraphs, platform: Platform) => Promise<T>,
): Promise<T> {
  const platform = await openPlatform({
    services: serviceNames,
    env: processEnv,
    dataDir,
    port,
    log,
    join: true,
  })
  try {
    await Promise.all(serviceNames.map((name) => platform.databases.migrate(name)))
    const subgraphs = await createSubgraphs(platform, { log })
    try {
      return await work(subgraphs, platform)
    } finally {
      for (const subgraph of subgraphs.all) await subgraph.close()
    }
  } finally {
    await platform.close()
  }
}
