import type { PrismaClientSettings } from '@movieverse/kit/databases/prisma'
import { openReads } from '@movieverse/kit/databases/reads'
import { type OutboxDatabase, prismaDatabase } from '@movieverse/kit/outbox/database'
import { createOutbox, type SqlOutbox } from '@movieverse/kit/outbox/sql-outbox'
import { createPrismaProfileStore, createUsersClient } from './store.prisma.ts'
import type { ProfileStore } from './store.ts'

/** The service's store on its engine, with the outbox that its writes fill. Connects when it is first used. */
export interface UsersEngine {
  readonly store: ProfileStore
  readonly database: OutboxDatabase
  readonly outbox: SqlOutbox
}

/** @param url the service's own PostgreSQL database, migrated */
export function openUsersEngine(url: string, settings?: PrismaClientSettings): UsersEngine {
  const client = createUsersClient(url, settings)
  const reads = openReads(url, client, settings)
  const outbox = createOutbox({ source: 'users' })
  return {
    store: createPrismaProfileStore({ client, reads, outbox }),
    database: prismaDatabase(client),
    outbox,
  }
}
