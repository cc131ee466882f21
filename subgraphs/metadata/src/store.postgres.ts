import type { Log } from '@movieverse/kit/log'
import { pgDatabase } from '@movieverse/kit/outbox/database'
import { createServiceOutbox } from '@movieverse/kit/outbox/service-outbox'
import { createOutbox } from '@movieverse/kit/outbox/sql-outbox'
import type { Pool } from 'pg'
import { createAnalysisStore } from './postgres/analyses.ts'
import { createCreditsStore } from './postgres/credits.ts'
import { createGenreStore } from './postgres/genres.ts'
import { createFilmStore } from './postgres/movies.ts'
import { createPersonStore } from './postgres/people.ts'
import { prepareTables } from './postgres/tables.ts'
import type { MetadataEngine, MetadataStore } from './store.ts'

/**
 * Documents in PostgreSQL's JSONB, made and upgraded by its own SQL when it opens.
 * @param settings.pool is the store's from here on: `close()` ends it
 * @throws StartupError DATA_VERSION, or the server's error
 */
export async function openPostgresStore({ pool, log }: { pool: Pool; log: Log }): Promise<MetadataEngine> {
  await prepareTables(pool)
  const database = pgDatabase(pool)
  const outbox = createOutbox({ source: 'metadata' })
  const waking = <Parameters extends unknown[], Result>(
    write: (...parameters: Parameters) => Promise<Result>,
  ) => {
    return async (...parameters: Parameters): Promise<Result> => {
      const result = await write(...parameters)
      outbox.wake()
      return result
    }
  }
  const genres = createGenreStore(database, outbox)
  const people = createPersonStore(database, outbox)
  const credits = createCreditsStore(database, outbox)
  const analyses = createAnalysisStore(database, outbox)
  const store: MetadataStore = {
    ...genres,
    ...people,
    ...credits,
    ...analyses,
    ...createFilmStore(database),
    saveGenre: waking(genres.saveGenre),
    importGenres: waking(genres.importGenres),
    savePerson: waking(people.savePerson),
    importPeople: waking(people.importPeople),
    saveCredits: waking(credits.saveCredits),
    importCredits: waking(credits.importCredits),
    saveAnalysis: waking(analyses.saveAnalysis),

    ping: async () => void (await database.sql.query('select 1', [])),
    close: () => pool.end(),
  }
  return { store, outbox: (bus) => createServiceOutbox({ name: 'metadata', database, outbox, bus, log }) }
}
