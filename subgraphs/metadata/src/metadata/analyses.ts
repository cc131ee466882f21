import { told } from '../events.ts'
import type { Films } from '../films.ts'
import type { Analysis, MetadataStore } from '../store.ts'
import { type Fault, fault, type Outcome, refused, textFault } from './faults.ts'

/** What is absent stays as it is, null takes it away. */
export interface AnalysisInput {
  readonly movieId: number
  /** −1 to 1. */
  readonly sentiment?: number | null
  readonly summary?: string | null
  readonly predictedGenres?: readonly { readonly genreId: number; readonly probability: number }[] | null
  readonly sources?: readonly string[] | null
}

const most = { genres: 50, sources: 50, summary: 5000, url: 2000 }

export function createAnalyses(deps: {
  readonly store: MetadataStore
  readonly films: Films
  readonly now?: () => Date
}) {
  const { store, films, now = () => new Date() } = deps
  return {
    async save(input: AnalysisInput): Promise<Outcome<Analysis>> {
      const faults = inputFaults(input)
      if (faults.length > 0) return refused(...faults)
      if (!(await films.exists(input.movieId)))
        return refused(fault('NOT_FOUND', 'There is no such film.', 'movieId'))
      const unknown = await unknownGenres(input.predictedGenres ?? [])
      if (unknown.length > 0) return refused(...unknown)
      const { movieId, sentiment, summary, predictedGenres, sources } = input
      const value = await store.saveAnalysis(
        movieId,
        (present) => ({
          movieId,
          sentiment: sentiment === undefined ? (present?.sentiment ?? null) : sentiment,
          summary: summary === undefined ? (present?.summary ?? null) : summary,
          predictedGenres:
            predictedGenres === undefined ? (present?.predictedGenres ?? []) : (predictedGenres ?? []),
          sources: sources === undefined ? (present?.sources ?? []) : (sources ?? []),
          updatedAt: now(),
        }),
        told.analysis,
      )
      return { value }
    },
  }

  async function unknownGenres(predicted: readonly { readonly genreId: number }[]): Promise<Fault[]> {
    if (predicted.length === 0) return []
    const known = new Set(
      (await store.genresByIds(predicted.map(({ genreId }) => genreId))).map(({ id }) => id),
    )
    return predicted.flatMap(({ genreId }, index) =>
      known.has(genreId)
        ? []
        : fault('NOT_FOUND', 'There is no such genre.', 'predictedGenres', index, 'genreId'),
    )
  }
}

function inputFaults({ sentiment, summary, predictedGenres, sources }: AnalysisInput): Fault[] {
  const genres = predictedGenres ?? []
  const faults = [
    ...textFault(summary, { field: ['summary'], most: most.summary, lines: true }),
    ...(sources ?? []).flatMap((url, index) => textFault(url, { field: ['sources', index], most: most.url })),
  ]
  const invalid = (message: string, ...field: (string | number)[]) =>
    faults.push(fault('INVALID_VALUE', message, ...field))
  if (sentiment !== undefined && sentiment !== null && Math.abs(sentiment) > 1)
    invalid('A sentiment lies between −1 and 1.', 'sentiment')
  if (genres.length > most.genres) invalid(`At most ${most.genres} entries.`, 'predictedGenres')
  if ((sources ?? []).length > most.sources) invalid(`At most ${most.sources} entries.`, 'sources')
  if (new Set(genres.map(({ genreId }) => genreId)).size < genres.length)
    invalid('A genre is predicted once.', 'predictedGenres')
  for (const [index, { probability }] of genres.entries())
    if (!(probability >= 0 && probability <= 1))
      invalid('A probability lies between 0 and 1.', 'predictedGenres', index, 'probability')
  return faults
}
