import { prismaDatabase } from '@movieverse/kit/outbox/database'
import { createRelay } from '@movieverse/kit/outbox/relay'
import { createOutbox } from '@movieverse/kit/outbox/sql-outbox'
import { runService } from '@movieverse/kit/service'
import { createPrismaProfileStore, createUsersClient } from './store.prisma.ts'
import { createUsersSubgraph } from './subgraph.ts'

await runService({
  name: 'users',
  create({ databaseUrl, bus, entities, log }) {
    const client = createUsersClient(databaseUrl)
    const outbox = createOutbox({ source: 'users' })
    const relay = createRelay({ name: 'users', database: prismaDatabase(client), outbox, bus, log })
    return createUsersSubgraph({
      store: createPrismaProfileStore({ client, outbox }),
      entities,
      log,
      background: [relay],
      checks: { outbox: () => relay.check() },
    })
  },
})
