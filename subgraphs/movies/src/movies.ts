import { movieCreated, movieUpdated } from './events.ts'
import type { Genres } from './genres.ts'
import { type CheckedMovieInput, checkMovieInput, type MovieInput } from './movie-input.ts'
import type { CreateOutcome, Movie, MovieFacts, MovieStore, UpdateOutcome } from './store.ts'

/** Why nothing was changed, in the words of the payload's error. */
export interface MovieFault {
  readonly code: 'INVALID_VALUE' | 'NOT_FOUND' | 'CONFLICT' | 'ALREADY_EXISTS'
  readonly message: string
  /** Path of the input's field at fault. */
  readonly field?: readonly string[]
}

/** What a write led to. With faults nothing was changed; `movie` then is the film that it met, if any. */
export interface MovieResult {
  readonly movie: Movie | null
  readonly faults: readonly MovieFault[]
}

export interface Movies {
  create(input: MovieInput): Promise<MovieResult>
  /** Absent fields are left as they are, null takes a fact away. Refused unless the film has `expectedVersion`. */
  update(
    target: { readonly id: number; readonly expectedVersion: number },
    input: MovieInput,
  ): Promise<MovieResult>
}

/** A film of which nothing is known yet. */
export const noFacts: MovieFacts = {
  title: '',
  originalTitle: null,
  alternativeTitles: [],
  tmdbId: null,
  imdbId: null,
  overview: null,
  tagline: null,
  releaseDate: null,
  year: null,
  runtime: null,
  genreIds: [],
  originalLanguage: null,
  countries: [],
  posterUrl: null,
  voteCount: null,
  voteAverage: null,
}

const refused = (fault: MovieFault, movie: Movie | null = null): MovieResult => ({ movie, faults: [fault] })
const noMovie = () => refused({ code: 'NOT_FOUND', message: 'There is no such film.', field: ['id'] })

export function createMovies(deps: { readonly store: MovieStore; readonly genres: Genres }): Movies {
  const { store, genres } = deps

  /** What the input says, once every value is right and its genres exist. */
  async function check(
    input: MovieInput,
  ): Promise<{ readonly checked: CheckedMovieInput } | { readonly faults: readonly MovieFault[] }> {
    const result = checkMovieInput(input)
    if ('faults' in result) {
      return { faults: result.faults.map((fault) => ({ code: 'INVALID_VALUE', ...fault })) }
    }
    const missing = await genres.missing(result.checked.genreIds ?? [])
    if (missing.length === 0) return result
    const message = `There is no genre ${missing.join(', ')}.`
    return { faults: [{ code: 'INVALID_VALUE', message, field: ['genreIds'] }] }
  }

  function toResult(outcome: CreateOutcome | UpdateOutcome): MovieResult {
    if (outcome.kind === 'created' || outcome.kind === 'updated') return { movie: outcome.movie, faults: [] }
    if (outcome.kind === 'gone') return noMovie()
    if (outcome.kind === 'conflict') {
      const message = `The film was changed in the meantime: its version is ${outcome.movie.version}.`
      return refused({ code: 'CONFLICT', message, field: ['expectedVersion'] }, outcome.movie)
    }
    const name = outcome.field === 'tmdbId' ? 'TMDB' : 'IMDb'
    const message = `Another film has this ${name} id.`
    return refused({ code: 'ALREADY_EXISTS', message, field: [outcome.field] })
  }

  return {
    async create(input) {
      const result = await check(input)
      if ('faults' in result) return { movie: null, faults: result.faults }
      const facts = withInput(noFacts, result.checked)
      if (facts.title === '') {
        return refused({ code: 'INVALID_VALUE', message: 'A film has a title.', field: ['title'] })
      }
      return toResult(await store.create(facts, (movie) => [movieCreated(movie)]))
    },

    async update(target, input) {
      const [present] = await store.byIds([target.id])
      if (!present) return noMovie()
      const result = await check(input)
      if ('faults' in result) return { movie: null, faults: result.faults }
      return toResult(
        await store.update(
          target,
          (before) => withInput(before, result.checked),
          (movie) => [movieUpdated(movie)],
        ),
      )
    },
  }
}

function withInput(before: MovieFacts, input: CheckedMovieInput): MovieFacts {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
  const facts: MovieFacts = { ...before, ...given }
  if (input.releaseDate === undefined) return facts
  return { ...facts, year: input.releaseDate === null ? null : Number(input.releaseDate.slice(0, 4)) }
}
