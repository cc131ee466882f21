import { createTestDatabase, type SqlEngine } from '@movieverse/kit/testing/database'
import { openMoviesEngine } from '../src/engine.ts'

/** The service's engine on a database of its own. */
export async function openTestEngine(on: SqlEngine, onStatement?: (sql: string) => void) {
  const server = await createTestDatabase('movies', on)
  const { store, database, outbox } = openMoviesEngine(server.url, { onStatement })
  return {
    store,
    database,
    outbox,
    /** Every event that has left with a write, in the order of the writes. */
    async told(): Promise<readonly Readonly<Record<string, unknown>>[]> {
      const rows = await database.sql.query<{ data: unknown; event_key: string; origin: string }>(
        `SELECT data, ${on === 'mysql' ? '`key`' : '"key"'} AS event_key, origin FROM outbox ORDER BY position`,
        [],
      )
      return rows.map(({ data, event_key: key, origin }) => ({
        ...(typeof data === 'string' ? JSON.parse(data) : data),
        key,
        origin,
      }))
    },
    /** Of a store that was closed with its subgraph. */
    drop: () => server.close(),
    async close() {
      await store.close()
      await server.close()
    },
  }
}

export type TestEngine = Awaited<ReturnType<typeof openTestEngine>>
