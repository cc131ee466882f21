import { createServiceOutbox } from '@movieverse/kit/outbox/service-outbox'
import type { Service } from '@movieverse/kit/service'
import { openUsersEngine } from './engine.ts'
import { createUsersSubgraph } from './subgraph.ts'

/** The service on its engines, for a process of its own or a host of several. */
export const usersService = {
  name: 'users',
  create({ databaseUrl, bus, entities, log }) {
    const engine = openUsersEngine(databaseUrl)
    const outbox = createServiceOutbox({ name: 'users', ...engine, bus, log })
    return createUsersSubgraph({ store: engine.store, entities, ...outbox, log })
  },
} satisfies Service<ReturnType<typeof createUsersSubgraph>>
