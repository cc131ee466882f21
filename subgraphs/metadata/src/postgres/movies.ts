import type { OutboxDatabase } from '@movieverse/kit/outbox/database'
import type { MetadataStore } from '../store.ts'

/** Notes of films ($1), in order of ids against deadlocks, whether they are gone ($2). */
export const knowMovies = `
  insert into movies (id, gone) select id, $2 from unnest($1::integer[]) as id order by id
  on conflict (id) do update set gone = excluded.gone where movies.gone <> excluded.gone`

export function createFilmStore(
  database: OutboxDatabase,
): Pick<MetadataStore, 'knownMovies' | 'goneMovies' | 'saveMovies'> {
  const ids = async (condition: string, parameters: unknown[]) =>
    (await database.sql.query<{ id: number }>(`select id from movies where ${condition}`, parameters)).map(
      ({ id }) => id,
    )
  return {
    knownMovies: async (wanted) => new Set(await ids('id = any($1) and not gone', [wanted])),
    goneMovies: ({ first, last }) => ids('gone and id between $1 and $2 order by id', [first, last]),
    async saveMovies({ known, gone }) {
      if (known.length > 0) await database.sql.execute(knowMovies, [known, false])
      if (gone.length > 0) await database.sql.execute(knowMovies, [gone, true])
    },
  }
}
