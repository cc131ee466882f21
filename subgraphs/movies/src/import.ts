import type { EventOrigin } from '@movieverse/schema/events/contract'
import { z } from 'zod'
import { countryOfLoad, languageOfLoad } from './codes.ts'
import { moviesImported } from './events.ts'
import { type ImportPlan, planImport } from './import-plan.ts'
import { imdbId, movieNumber, movieTitle, posterUrl, releaseDate, runtime } from './movie-input.ts'
import { titleKey } from './ranking.ts'
import type { MovieStore } from './store.ts'

/** A prose text of a load, as it comes; too long a one is cut. */
const prose = (longest: number) => z.string().transform((text) => text.trim().slice(0, longest) || null)

/**
 * One film of a load. What is absent or null is not known, and leaves what was known before; so does an empty list.
 * Codes of languages and countries that ISO does not know are left out.
 */
export const movieImport = z.object({
  /** The id that the film should have; another one is given when it is not free. */
  id: movieNumber.nullish(),
  title: movieTitle,
  originalTitle: movieTitle.nullish(),
  alternativeTitles: z.array(movieTitle).readonly().default([]),
  year: z.int().min(1870).max(2100).nullish(),
  releaseDate: releaseDate.nullish(),
  runtime: runtime.nullish(),
  /** Genres that metadata has. */
  genreIds: z.array(movieNumber).readonly().default([]),
  imdbId: imdbId.nullish(),
  tmdbId: movieNumber.nullish(),
  originalLanguage: z.string().transform(languageOfLoad).nullish(),
  countries: z
    .array(z.string())
    .readonly()
    .default([])
    .transform((codes) => codes.map(countryOfLoad).filter((code) => code !== null)),
  /** TMDB's, and their mean from 0 to 10. */
  voteCount: z.int().nonnegative().nullish(),
  voteAverage: z.number().min(0).max(10).nullish(),
  overview: prose(10_000).nullish(),
  tagline: prose(1000).nullish(),
  posterUrl: posterUrl.nullish(),
})

export type MovieImport = z.input<typeof movieImport>
export type CheckedMovieImport = z.output<typeof movieImport>

export interface MovieImporter {
  /**
   * Adds films and completes those that are there, in batches of 1,000, each one transaction with one `movies_imported`
   * of what it wrote. A film is recognised by its IMDb id, else its TMDB id, else the id given, else title and year.
   * Run again, it writes nothing.
   * @returns the films' ids, in the order of the rows
   * @throws ZodError naming the rows that `movieImport` does not take, before anything is written
   */
  importMovies(rows: readonly MovieImport[], origin?: EventOrigin): Promise<number[]>
}

const batchSize = 1000

export function createMovieImporter({ store }: { readonly store: MovieStore }): MovieImporter {
  async function importBatch(rows: readonly CheckedMovieImport[], origin: EventOrigin): Promise<number[]> {
    return store.batch(async (batch) => {
      const candidates = await batch.candidates({
        ids: present(rows.map(({ id }) => id)),
        imdbIds: present(rows.map(({ imdbId }) => imdbId)),
        tmdbIds: present(rows.map(({ tmdbId }) => tmdbId)),
        titleKeys: [...new Set(rows.map(({ title }) => titleKey(title)))],
      })
      const plans = planImport(rows, candidates)
      const writes = [...new Set(plans)].filter(isWrite)
      const written = new Map<ImportPlan, number>()
      if (writes.length > 0) {
        const ids = await batch.write(
          writes.map((plan) => ({ id: plan.present?.id, wantedId: plan.wantedId, facts: plan.facts })),
        )
        for (const [index, plan] of writes.entries()) written.set(plan, ids[index] ?? 0)
        await batch.tell([moviesImported(ids, origin)])
      }
      return plans.map((plan) => written.get(plan) ?? plan.present?.id ?? 0)
    })
  }

  return {
    async importMovies(rows, origin = 'import') {
      const checked = z.array(movieImport).parse(rows)
      const ids: number[] = []
      for (let start = 0; start < checked.length; start += batchSize) {
        ids.push(...(await importBatch(checked.slice(start, start + batchSize), origin)))
      }
      return ids
    },
  }
}

function isWrite(plan: ImportPlan): boolean {
  return plan.present === undefined || plan.changed
}

function present<T>(values: readonly (T | null | undefined)[]): T[] {
  return values.filter((value): value is T & {} => value !== null && value !== undefined)
}
