import type { Service } from '@movieverse/kit/service'
import type { Subgraph } from '@movieverse/kit/subgraph'
import { openMetadataEngine } from './engine.ts'
import { createMetadataSubgraph } from './subgraph.ts'

/** The service on its engines, for a process of its own or a host of several. */
export const metadataService = {
  name: 'metadata',
  async create({ databaseUrl, bus, entities, log }) {
    const engine = await openMetadataEngine(databaseUrl, { log })
    return createMetadataSubgraph({ store: engine.store, entities, log, ...engine.outbox(bus) })
  },
} satisfies Service<Subgraph>
