import { databaseEngine } from '@movieverse/kit/databases/engine'
import type { PrismaClientSettings } from '@movieverse/kit/databases/prisma'
import { openReads } from '@movieverse/kit/databases/reads'
import { type OutboxDatabase, prismaDatabase } from '@movieverse/kit/outbox/database'
import { createOutbox, type SqlOutbox } from '@movieverse/kit/outbox/sql-outbox'
import { createMoviesClient } from './client.ts'
import { createPrismaMovieStore } from './store.prisma.ts'
import type { MovieStore } from './store.ts'

/** The service's store on its engine, with the outbox that its writes fill. Connects when it is first used. */
export interface MoviesEngine {
  readonly store: MovieStore
  readonly database: OutboxDatabase
  readonly outbox: SqlOutbox
}

/** @param url the service's own database, migrated: of PostgreSQL or of MySQL, by its scheme */
export function openMoviesEngine(url: string, settings?: PrismaClientSettings): MoviesEngine {
  const client = createMoviesClient(url, settings)
  const database = prismaDatabase(client, databaseEngine(url) === 'mysql' ? 'mysql' : 'postgres')
  const outbox = createOutbox({ source: 'movies' })
  const store = createPrismaMovieStore({
    database,
    reads: openReads(url, client, settings),
    outbox,
    close: () => client.$disconnect(),
  })
  return { store, database, outbox }
}
