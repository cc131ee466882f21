import { StartupError } from '@movieverse/kit/errors'
import type { Engine, Server } from './engine.ts'
import { kafka } from './kafka.ts'
import { mariadb } from './mariadb.ts'
import { minio } from './minio.ts'
import { mongo } from './mongo.ts'
import { nginx } from './nginx.ts'
import { opensearch } from './opensearch.ts'
import { postgres } from './postgres.ts'
import { rabbitmq } from './rabbitmq.ts'
import { redis } from './redis.ts'

const engines = new Map<string, Engine>(
  [postgres, mariadb, mongo, redis, kafka, rabbitmq, opensearch, minio, nginx].map((engine) => [
    engine.name,
    engine,
  ]),
)

/** An engine that the set runs. */
export interface ServerEngine extends Engine {
  readonly server: Server
}

/**
 * The engines of these names, all where none is named.
 * @throws StartupError BAD_ENVIRONMENT for a name that there isn't
 */
export function chooseEngines(names: readonly string[]): readonly Engine[] {
  return (names.length > 0 ? names : [...engines.keys()]).map((name) => {
    const engine = engines.get(name)
    if (engine) return engine
    throw new StartupError(
      'BAD_ENVIRONMENT',
      `No such engine: ${name}.`,
      `Name some of ${[...engines.keys()].join(', ')}.`,
    )
  })
}

/** As {@link chooseEngines}, of those that run here. */
export function chooseServers(names: readonly string[]): readonly ServerEngine[] {
  return chooseEngines(names).filter((engine): engine is ServerEngine => engine.server !== undefined)
}
