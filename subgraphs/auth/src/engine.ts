import type { PrismaClientSettings } from '@movieverse/kit/databases/prisma'
import { type OutboxDatabase, prismaDatabase } from '@movieverse/kit/outbox/database'
import { createOutbox, type SqlOutbox } from '@movieverse/kit/outbox/sql-outbox'
import { createAuthClient, createPrismaAccountStore } from './store.prisma.ts'
import type { AccountStore } from './store.ts'

/** The service's store on its engine, with the outbox that its writes fill. Connects when it is first used. */
export interface AuthEngine {
  readonly store: AccountStore
  readonly database: OutboxDatabase
  readonly outbox: SqlOutbox
}

/** @param url the service's own PostgreSQL database, migrated */
export function openAuthEngine(url: string, settings?: PrismaClientSettings): AuthEngine {
  const client = createAuthClient(url, settings)
  const outbox = createOutbox({ source: 'auth' })
  return { store: createPrismaAccountStore({ client, outbox }), database: prismaDatabase(client), outbox }
}
