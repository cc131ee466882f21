import type { AuthSubgraph } from '@movieverse/auth'
import { authService } from '@movieverse/auth/service'
import { createLocalEntityReader } from '@movieverse/kit/entities'
import { type EnvSource, processEnv } from '@movieverse/kit/env'
import { createLocalExecutor, type LocalExecutor } from '@movieverse/kit/graphql/local'
import type { Log } from '@movieverse/kit/log'
import type { Platform } from '@movieverse/kit/platform'
import type { Service } from '@movieverse/kit/service'
import type { Subgraph } from '@movieverse/kit/subgraph'
import { metadataService } from '@movieverse/metadata/service'
import { moviesService } from '@movieverse/movies/service'
import { reviewsService } from '@movieverse/reviews/service'
import { usersService } from '@movieverse/users/service'

const services = [authService, usersService, moviesService, reviewsService, metadataService]

/** Federation names; each has a database of this name. */
export const serviceNames = services.map(({ name }) => name)

/** Every subgraph, made and not yet at work. */
export interface Subgraphs {
  readonly auth: AuthSubgraph
  readonly all: readonly Subgraph[]
  /** Runs a request on a subgraph in this process, by its name. */
  readonly executors: ReadonlyMap<string, LocalExecutor>
}

/** Makes every subgraph on the platform's engines; they read each other's entities in memory. */
export async function createSubgraphs(
  platform: Platform,
  { log, env = processEnv }: { readonly log: Log; readonly env?: EnvSource },
): Promise<Subgraphs> {
  const executors = new Map<string, LocalExecutor>()
  const make = <S extends Subgraph>({ name, create }: Pick<Service<S>, 'name' | 'create'>) =>
    create({
      ...platform,
      databaseUrl: platform.databases.url(name),
      entities: createLocalEntityReader(name, executors),
      env,
      log: log.child({ service: name }),
    })
  const auth = await make(authService)
  const others = await Promise.all(
    [usersService, moviesService, reviewsService, metadataService].map(make<Subgraph>),
  )
  const all: Subgraph[] = [auth, ...others]
  for (const { name, schema } of all) executors.set(name, createLocalExecutor(schema, { log }))
  return { auth, all, executors }
}
