import { movieKeys } from '../ranking.ts'
import type { Movie, MovieFacts, MovieKeys, OwnRatings } from '../store.ts'
import type { RecordColumns } from './statement.ts'

/** A film as the statements select it. */
export interface MovieRow {
  readonly id: number
  readonly tmdb_id: number | null
  readonly imdb_id: string | null
  readonly title: string
  readonly original_title: string | null
  readonly alternative_titles: unknown
  readonly overview: string | null
  readonly tagline: string | null
  readonly release_date: Date | null
  readonly year: number | null
  readonly runtime: number | null
  readonly genre_ids: unknown
  readonly original_language: string | null
  readonly countries: unknown
  readonly poster_url: string | null
  readonly vote_count: number | null
  readonly vote_average: number | null
  readonly rating_count: number
  readonly rating_average: number | null
  readonly version: number
  readonly updated_at: Date
  readonly popularity: number
  readonly rating_score: number
  readonly newest_key: number
  readonly oldest_key: number
  readonly title_key: string
}

export function toMovie(row: MovieRow): Movie {
  return {
    id: row.id,
    tmdbId: row.tmdb_id,
    imdbId: row.imdb_id,
    title: row.title,
    originalTitle: row.original_title,
    alternativeTitles: list<string>(row.alternative_titles),
    overview: row.overview,
    tagline: row.tagline,
    releaseDate: row.release_date === null ? null : row.release_date.toISOString().slice(0, 10),
    year: row.year,
    runtime: row.runtime,
    genreIds: list<number>(row.genre_ids),
    originalLanguage: row.original_language,
    countries: list<string>(row.countries),
    posterUrl: row.poster_url,
    voteCount: row.vote_count,
    voteAverage: row.vote_average,
    keys: {
      popularity: row.popularity,
      ratingScore: row.rating_score,
      newestKey: row.newest_key,
      oldestKey: row.oldest_key,
      titleKey: row.title_key,
    },
    ratings: { count: row.rating_count, average: row.rating_average },
    version: row.version,
    updatedAt: row.updated_at,
  }
}

/** A JSON array that this service has written; MariaDB answers it as text. */
function list<T>(value: unknown): readonly T[] {
  const parsed: unknown = typeof value === 'string' ? JSON.parse(value) : value
  return Array.isArray(parsed) ? parsed : []
}

/** What lists are ordered by: of the film, and again beside each of its genres. */
export const keyColumns = {
  popularity: 'double',
  rating_score: 'double',
  newest_key: 'int',
  oldest_key: 'int',
  title_key: 'text',
} as const satisfies RecordColumns

/** The columns of the table, named one by one: a new one does not change what a statement answers. */
export const movieColumns = {
  id: 'int',
  tmdb_id: 'int',
  imdb_id: 'text',
  title: 'text',
  original_title: 'text',
  alternative_titles: 'json',
  overview: 'text',
  tagline: 'text',
  release_date: 'date',
  year: 'int',
  runtime: 'int',
  genre_ids: 'json',
  original_language: 'text',
  countries: 'json',
  poster_url: 'text',
  vote_count: 'int',
  vote_average: 'double',
  rating_count: 'int',
  rating_average: 'double',
  version: 'int',
  updated_at: 'datetime',
  ...keyColumns,
} as const satisfies Record<keyof MovieRow, RecordColumns[string]>

export const movieColumnNames = Object.keys(movieColumns)
/** For `SELECT … FROM movies m`. */
export const selectedColumns = movieColumnNames.map((name) => `m.${name}`).join(', ')

export function keyRow(keys: MovieKeys): Record<keyof typeof keyColumns, unknown> {
  return {
    popularity: keys.popularity,
    rating_score: keys.ratingScore,
    newest_key: keys.newestKey,
    oldest_key: keys.oldestKey,
    title_key: keys.titleKey,
  }
}

/** A film's row as it is written, in JSON. */
export function toRow(movie: {
  readonly id: number
  readonly facts: MovieFacts
  readonly ratings: OwnRatings
  readonly version: number
  readonly updatedAt: Date
}): Record<keyof MovieRow, unknown> {
  const { id, facts, ratings, version, updatedAt } = movie
  return {
    id,
    tmdb_id: facts.tmdbId,
    imdb_id: facts.imdbId,
    title: facts.title,
    original_title: facts.originalTitle,
    alternative_titles: facts.alternativeTitles,
    overview: facts.overview,
    tagline: facts.tagline,
    release_date: facts.releaseDate,
    year: facts.year,
    runtime: facts.runtime,
    genre_ids: facts.genreIds,
    original_language: facts.originalLanguage,
    countries: facts.countries,
    poster_url: facts.posterUrl,
    vote_count: facts.voteCount,
    vote_average: facts.voteAverage,
    rating_count: ratings.count,
    rating_average: ratings.average,
    version,
    // UTC, written so that both dialects read it.
    updated_at: updatedAt.toISOString().replace('T', ' ').replace('Z', ''),
    ...keyRow(movieKeys(facts, ratings)),
  }
}
