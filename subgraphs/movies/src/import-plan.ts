import { isDeepStrictEqual } from 'node:util'
import type { CheckedMovieImport } from './import.ts'
import { noFacts } from './movies.ts'
import { titleKey } from './ranking.ts'
import type { Movie, MovieFacts } from './store.ts'

/** What a load's batch does with one film. Rows about the same film share one plan. */
export interface ImportPlan {
  /** The film as it is there; undefined for a new one. */
  readonly present: Movie | undefined
  /** The free id that a new film should have. */
  readonly wantedId: number | undefined
  facts: MovieFacts
  /** Whether the facts differ from the film's. */
  changed: boolean
}

/**
 * Recognises a batch's films among those that are there and among each other.
 * @returns a plan for each row, in order
 */
export function planImport(
  rows: readonly CheckedMovieImport[],
  candidates: readonly Movie[],
): readonly ImportPlan[] {
  const known = new KnownFilms()
  for (const movie of candidates) {
    known.add({ present: movie, wantedId: undefined, facts: factsOf(movie), changed: false })
  }
  return rows.map((row) => {
    const plan = known.find(row) ?? {
      present: undefined,
      wantedId: row.id && !known.hasId(row.id) ? row.id : undefined,
      facts: noFacts,
      changed: true,
    }
    const facts = complete(plan.facts, row)
    // An id that another film holds stays there: two films of MovieLens share one of TMDB's.
    const free = known.withoutTaken(facts, plan)
    if (!isDeepStrictEqual(free, plan.facts)) {
      plan.facts = free
      plan.changed = true
    }
    known.add(plan)
    return plan
  })
}

/** The films of a batch and what they are recognised by. */
class KnownFilms {
  readonly #byId = new Map<number, ImportPlan>()
  readonly #byImdbId = new Map<string, ImportPlan>()
  readonly #byTmdbId = new Map<number, ImportPlan>()
  readonly #byTitle = new Map<string, ImportPlan>()

  add(plan: ImportPlan): void {
    const id = plan.present?.id ?? plan.wantedId
    if (id !== undefined) this.#byId.set(id, plan)
    if (plan.facts.imdbId !== null) this.#byImdbId.set(plan.facts.imdbId, plan)
    if (plan.facts.tmdbId !== null) this.#byTmdbId.set(plan.facts.tmdbId, plan)
    const title = titleAndYear(plan.facts.title, plan.facts.year)
    if (!this.#byTitle.has(title)) this.#byTitle.set(title, plan)
  }

  hasId(id: number): boolean {
    return this.#byId.has(id)
  }

  find(row: CheckedMovieImport): ImportPlan | undefined {
    const byImdbId = row.imdbId ? this.#byImdbId.get(row.imdbId) : undefined
    if (byImdbId) return byImdbId
    const others = [
      row.tmdbId ? this.#byTmdbId.get(row.tmdbId) : undefined,
      row.id ? this.#sameId(row, row.id) : undefined,
      this.#byTitle.get(titleAndYear(row.title, yearOf(row))),
    ]
    return others.find((plan) => plan && !contradicts(plan.facts, row))
  }

  /** A film with this id is another one when nothing but the id speaks for it. */
  #sameId(row: CheckedMovieImport, id: number): ImportPlan | undefined {
    const plan = this.#byId.get(id)
    const sameTitle = plan && titleKey(plan.facts.title) === titleKey(row.title)
    return sameTitle ? plan : undefined
  }

  withoutTaken(facts: MovieFacts, plan: ImportPlan): MovieFacts {
    const takenTmdb = facts.tmdbId !== null && (this.#byTmdbId.get(facts.tmdbId) ?? plan) !== plan
    return takenTmdb ? { ...facts, tmdbId: plan.facts.tmdbId } : facts
  }
}

const titleAndYear = (title: string, year: number | null) => `${titleKey(title)}|${year ?? ''}`

const yearOf = ({ year, releaseDate }: CheckedMovieImport): number | null =>
  year ?? (releaseDate ? Number(releaseDate.slice(0, 4)) : null)

/** Whether ids that both know say that these are two films. */
function contradicts(facts: MovieFacts, row: CheckedMovieImport): boolean {
  if (facts.imdbId !== null && row.imdbId) return facts.imdbId !== row.imdbId
  return facts.tmdbId !== null && Boolean(row.tmdbId) && facts.tmdbId !== row.tmdbId
}

function factsOf(movie: Movie): MovieFacts {
  const {
    id: _id,
    keys: _keys,
    ratings: _ratings,
    version: _version,
    updatedAt: _updatedAt,
    ...facts
  } = movie
  return facts
}

/** What was known, completed and corrected by what the load knows. */
function complete(before: MovieFacts, row: CheckedMovieImport): MovieFacts {
  const list = <T>(given: readonly T[], known: readonly T[]) =>
    given.length > 0 ? [...new Set(given)] : known
  return {
    title: row.title,
    originalTitle: row.originalTitle ?? before.originalTitle,
    alternativeTitles: list(row.alternativeTitles, before.alternativeTitles),
    tmdbId: row.tmdbId ?? before.tmdbId,
    imdbId: row.imdbId ?? before.imdbId,
    overview: row.overview ?? before.overview,
    tagline: row.tagline ?? before.tagline,
    releaseDate: row.releaseDate ?? before.releaseDate,
    year: yearOf(row) ?? before.year,
    runtime: row.runtime ?? before.runtime,
    genreIds: list(row.genreIds, before.genreIds),
    originalLanguage: row.originalLanguage ?? before.originalLanguage,
    countries: list(row.countries, before.countries),
    posterUrl: row.posterUrl ?? before.posterUrl,
    voteCount: row.voteCount ?? before.voteCount,
    voteAverage: row.voteAverage ?? before.voteAverage,
  }
}
