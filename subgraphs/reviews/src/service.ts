import { createServiceOutbox } from '@movieverse/kit/outbox/service-outbox'
import type { Service } from '@movieverse/kit/service'
import { openReviewsEngine } from './engine.ts'
import { createReviewsSubgraph } from './subgraph.ts'

/** The service on its engines, for a process of its own or a host of several. */
export const reviewsService = {
  name: 'reviews',
  create({ databaseUrl, bus, entities, log }) {
    const engine = openReviewsEngine(databaseUrl)
    const outbox = createServiceOutbox({ name: 'reviews', ...engine, bus, log })
    return createReviewsSubgraph({ store: engine.store, entities, ...outbox })
  },
} satisfies Service<ReturnType<typeof createReviewsSubgraph>>
