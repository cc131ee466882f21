import type { Movie, MovieFacts, MovieKeys, OwnRatings } from '../store.ts'

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
  readonly search_text: string
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
      searchText: row.search_text,
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

/** A film's columns as Prisma takes them. */
export function toColumns(facts: MovieFacts, keys: MovieKeys, ratings: OwnRatings) {
  return {
    title: facts.title,
    originalTitle: facts.originalTitle,
    alternativeTitles: [...facts.alternativeTitles],
    tmdbId: facts.tmdbId,
    imdbId: facts.imdbId,
    overview: facts.overview,
    tagline: facts.tagline,
    releaseDate: facts.releaseDate === null ? null : new Date(facts.releaseDate),
    year: facts.year,
    runtime: facts.runtime,
    genreIds: [...facts.genreIds],
    originalLanguage: facts.originalLanguage,
    countries: [...facts.countries],
    posterUrl: facts.posterUrl,
    voteCount: facts.voteCount,
    voteAverage: facts.voteAverage,
    ratingCount: ratings.count,
    ratingAverage: ratings.average,
    ...keys,
  }
}
