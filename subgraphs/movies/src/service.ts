import { createServiceOutbox } from '@movieverse/kit/outbox/service-outbox'
import type { Service } from '@movieverse/kit/service'
import { openMoviesEngine } from './engine.ts'
import { createMoviesSubgraph } from './subgraph.ts'

/** The service on its engines, for a process of its own or a host of several. */
export const moviesService = {
  name: 'movies',
  create({ databaseUrl, bus, entities, log }) {
    const engine = openMoviesEngine(databaseUrl)
    const outbox = createServiceOutbox({ name: 'movies', ...engine, bus, log })
    return createMoviesSubgraph({ store: engine.store, entities, ...outbox })
  },
} satisfies Service<ReturnType<typeof createMoviesSubgraph>>
