import type { PrismaClientSettings } from '@movieverse/kit/databases/prisma'
import { type OutboxDatabase, prismaDatabase } from '@movieverse/kit/outbox/database'
import { createOutbox, type SqlOutbox } from '@movieverse/kit/outbox/sql-outbox'
import { createMoviesClient, createPrismaMovieStore } from './store.prisma.ts'
import type { MovieStore } from './store.ts'

/** The service's store on its engine, with the outbox that its writes fill. Connects when it is first used. */
export interface MoviesEngine {
  readonly store: MovieStore
  readonly database: OutboxDatabase
  readonly outbox: SqlOutbox
}

/** @param url the service's own PostgreSQL database, migrated */
export function openMoviesEngine(url: string, settings?: PrismaClientSettings): MoviesEngine {
  const client = createMoviesClient(url, settings)
  const outbox = createOutbox({ source: 'movies' })
  return { store: createPrismaMovieStore({ client, outbox }), database: prismaDatabase(client), outbox }
}
