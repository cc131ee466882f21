import type { OutboxDatabase } from '@movieverse/kit/outbox/database'
import type { Outbox } from '@movieverse/kit/outbox/outbox'
import type { Analysis, MetadataStore } from '../store.ts'

interface AnalysisRow {
  id: number
  document: Omit<Analysis, 'movieId' | 'updatedAt' | 'version'> & { updatedAt: string }
  version: number
}

const toAnalysis = ({ id, document, version }: AnalysisRow): Analysis => ({
  movieId: id,
  sentiment: document.sentiment,
  summary: document.summary,
  predictedGenres: document.predictedGenres,
  sources: document.sources,
  updatedAt: new Date(document.updatedAt),
  version,
})

export function createAnalysisStore(
  database: OutboxDatabase,
  outbox: Outbox,
): Pick<MetadataStore, 'analyses' | 'saveAnalysis'> {
  return {
    async analyses(movieIds) {
      const rows = await database.sql.query<AnalysisRow>(
        'select id, document, version from analysis where id = any($1)',
        [movieIds],
      )
      return rows.map(toAnalysis)
    },

    saveAnalysis: (movieId, change, tell) =>
      database.transaction(async (sql) => {
        // A row lock does not hold what is not there yet: two first analyses of a film wait for each other here.
        await sql.query("select pg_advisory_xact_lock(hashtext('analysis'), $1)", [movieId])
        const [present] = await sql.query<AnalysisRow>(
          'select id, document, version from analysis where id = $1 for update',
          [movieId],
        )
        const version = (present?.version ?? 0) + 1
        const analysis = { ...change(present && toAnalysis(present)), version }
        const { version: _, ...document } = analysis
        await sql.execute(
          `insert into analysis (id, document, version) values ($1, $2, $3)
           on conflict (id) do update set document = excluded.document, version = excluded.version`,
          [movieId, JSON.stringify(document), version],
        )
        await outbox.append(sql, tell(analysis))
        return analysis
      }),
  }
}
