import type { PrismaClientSettings } from '@movieverse/kit/databases/prisma'
import { openReads } from '@movieverse/kit/databases/reads'
import { type OutboxDatabase, prismaDatabase } from '@movieverse/kit/outbox/database'
import { createOutbox, type SqlOutbox } from '@movieverse/kit/outbox/sql-outbox'
import { createPrismaReviewStore, createReviewsClient } from './store.prisma.ts'
import type { ReviewStore } from './store.ts'

/** The service's store on its engine, with the outbox that its writes fill. Connects when it is first used. */
export interface ReviewsEngine {
  readonly store: ReviewStore
  readonly database: OutboxDatabase
  readonly outbox: SqlOutbox
}

/** @param url the service's own PostgreSQL database, migrated */
export function openReviewsEngine(url: string, settings?: PrismaClientSettings): ReviewsEngine {
  const client = createReviewsClient(url, settings)
  const reads = openReads(url, client, settings)
  const outbox = createOutbox({ source: 'reviews' })
  return {
    store: createPrismaReviewStore({ client, reads, outbox }),
    database: prismaDatabase(client),
    outbox,
  }
}
