import { buildFederatedSchema } from '@movieverse/kit/graphql/build'
import { readId } from '@movieverse/kit/graphql/ids'
import type { Log } from '@movieverse/kit/log'
import type { Background, EntityReader, Subgraph } from '@movieverse/kit/subgraph'
import { tracedStore } from '@movieverse/kit/telemetry'
import { createDirectory } from './directory.ts'
import { createConsumers } from './events.ts'
import { createFollows } from './follows.ts'
import { createLoaders } from './loaders.ts'
import { createProfiles, importProfiles } from './profiles.ts'
import { shown, UserResolver } from './resolvers.ts'
import type { NewProfile, ProfileStore } from './store.ts'

export interface UsersDependencies {
  readonly store: ProfileStore
  /** Reads accounts of auth, genres and people of metadata. */
  readonly entities: EntityReader
  readonly log: Log
  /** What runs beside: the outbox's relay. */
  readonly background?: readonly Background[]
  readonly checks?: Subgraph['checks']
}

export interface UsersSubgraph extends Subgraph {
  /** Profiles of imported members, whose display name may differ from the user name; repeatable. */
  importProfiles(profiles: readonly NewProfile[]): Promise<void>
}

export function createUsersSubgraph(dependencies: UsersDependencies): UsersSubgraph {
  const { entities, log, background = [], checks = {} } = dependencies
  const store = tracedStore('users', dependencies.store)
  const directory = createDirectory({ store, entities, log })
  const loaders = createLoaders(store, directory)
  const profiles = createProfiles(store, directory)
  const follows = createFollows({ store, directory, profiles })
  return {
    name: 'users',
    schema: buildFederatedSchema({
      resolvers: [new UserResolver({ loaders, profiles, follows })],
      references: {
        User: async (reference, context) => {
          const id = readId(reference.id)
          return id === null ? null : shown(await loaders.profile(id, context))
        },
      },
    }),
    consumers: createConsumers({ store, directory }),
    workers: [],
    background,
    checks: { database: () => store.ping(), ...checks },
    close: () => store.close(),
    importProfiles: (rows) => importProfiles(store, rows),
  }
}
