import type { Meter } from './lines.ts'

/** A person as a source names one. */
export interface PersonRecord {
  readonly tmdbPersonId?: number
  readonly name: string
}

/** A film as a source has it, before it has an id of the platform. */
export interface FilmRecord {
  /** The source's own id, by which its ratings name the film. */
  readonly sourceId: number
  readonly title: string
  readonly originalTitle?: string
  readonly alternativeTitles: readonly string[]
  readonly year?: number
  /** YYYY-MM-DD */
  readonly releaseDate?: string
  /** Minutes. */
  readonly runtime?: number
  readonly genres: readonly string[]
  /** `tt0113277` */
  readonly imdbId?: string
  readonly tmdbId?: number
  /** ISO 639-1 */
  readonly originalLanguage?: string
  /** ISO 3166-1 alpha-2 */
  readonly countries: readonly string[]
  readonly keywords: readonly string[]
  /** In order of billing. */
  readonly cast: readonly (PersonRecord & { readonly character?: string })[]
  readonly directors: readonly PersonRecord[]
  readonly voteCount?: number
  /** 0 to 10. */
  readonly voteAverage?: number
  readonly overview?: string
  readonly tagline?: string
  readonly posterUrl?: string
}

export interface RatingRecord {
  readonly sourceUserId: number
  readonly sourceMovieId: number
  /** Half stars from 0.5 to 5. */
  readonly rating: number
  readonly createdAt: Date
}

/** A line of a source: what it says, or why it says nothing. Lines count from 1. */
export type Line<T> =
  | { readonly file: string; readonly number: number; readonly value: T }
  | { readonly file: string; readonly number: number; readonly fault: string }

/** A data set that can be loaded. Each call reads its files anew, a chunk at a time. */
export interface Source {
  /** `MovieLens (CSV)`: for people to read. */
  readonly layout: string
  readonly kind: 'sample' | 'csv' | 'dat' | 'tab' | 'jsonl'
  /** The same for the same data wherever it lies: 12 hexadecimal digits. Members are told apart by it. */
  readonly id: string
  /** What is to be read in all; the ratings twice, for their raters and for themselves. */
  readonly bytes: number
  /** The files it reads, with their sizes: a finished load is known again by them. */
  readonly files: Readonly<Record<string, number>>
  films(meter?: Meter): AsyncIterable<Line<FilmRecord>>
  /** Whether its films' ids are MovieLens' own, so that films can have them here too. */
  readonly sharedIds: boolean
  /** Absent in a source of films alone. */
  readonly ratings?: (meter?: Meter) => AsyncIterable<Line<RatingRecord>>
}
