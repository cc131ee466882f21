import { plannedOnce } from '@movieverse/kit/postgres/prepared'
import type { Service } from '@movieverse/kit/service'
import type { Subgraph } from '@movieverse/kit/subgraph'
import pg from 'pg'
import { openPostgresStore } from './store.postgres.ts'
import { createMetadataSubgraph } from './subgraph.ts'

/** The service on its engines, for a process of its own or a host of several. */
export const metadataService = {
  name: 'metadata',
  async create({ databaseUrl, bus, entities, log }) {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 5, options: plannedOnce })
    const engine = await openPostgresStore({ pool, log })
    return createMetadataSubgraph({ store: engine.store, entities, log, ...engine.outbox(bus) })
  },
} satisfies Service<Subgraph>
