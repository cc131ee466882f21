import type { EventOrigin } from '@movieverse/schema/events/contract'
import type { PersonRecord } from './records.ts'

/** A film as its owner takes it from a load. */
export interface MovieImport {
  /** The id that a new film should have; a film known by other ids keeps its own. */
  readonly id?: number
  readonly title: string
  readonly originalTitle?: string
  readonly alternativeTitles: readonly string[]
  readonly year?: number
  readonly releaseDate?: string
  readonly runtime?: number
  readonly genreIds: readonly number[]
  readonly imdbId?: string
  readonly tmdbId?: number
  readonly originalLanguage?: string
  readonly countries: readonly string[]
  readonly voteCount?: number
  readonly voteAverage?: number
  readonly overview?: string
  readonly tagline?: string
  readonly posterUrl?: string
}

export interface CreditsImport {
  readonly movieId: number
  readonly cast: readonly { readonly personId: number; readonly character?: string; readonly order: number }[]
  readonly directorIds: readonly number[]
  readonly keywords: readonly string[]
}

export interface ImportedMember {
  readonly id: number
  /** The name asked for, or another where that was taken; undefined when the account was erased since. */
  readonly username: string | undefined
}

export interface ProfileImport {
  readonly userId: number
  readonly username: string
  readonly displayName: string
  readonly joinedAt: Date
}

export interface ReviewImport {
  readonly userId: number
  readonly movieId: number
  readonly rating: number
  readonly createdAt: Date
}

/**
 * The ways into the services' own stores. Each takes up to 1,000 rows, commits them with one `…_imported` event, answers
 * ids in the order of the rows, and changes nothing when the same rows come again.
 */
export interface Importers {
  importGenres(names: readonly string[], origin: EventOrigin): Promise<readonly number[]>
  importPeople(people: readonly PersonRecord[], origin: EventOrigin): Promise<readonly number[]>
  importMovies(films: readonly MovieImport[], origin: EventOrigin): Promise<readonly number[]>
  importCredits(credits: readonly CreditsImport[], origin: EventOrigin): Promise<unknown>
  /** Members are told apart by `source`; nobody can sign in as one. */
  importMembers(
    members: readonly { readonly source: string; readonly username: string }[],
    origin: EventOrigin,
  ): Promise<readonly ImportedMember[]>
  importProfiles(profiles: readonly ProfileImport[]): Promise<void>
  importReviews(
    reviews: readonly ReviewImport[],
    origin: EventOrigin,
  ): Promise<{ readonly imported: number; readonly skipped: number }>
  /** Tells the reviews' service of films, before their events come to it. */
  knowMovies(ids: readonly number[]): Promise<void>
}
