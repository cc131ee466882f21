import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'

/** What is known of a film, given by administrators and loads. */
export interface MovieFacts {
  readonly title: string
  readonly originalTitle: string | null
  readonly alternativeTitles: readonly string[]
  readonly tmdbId: number | null
  /** "tt0113277" */
  readonly imdbId: string | null
  readonly overview: string | null
  readonly tagline: string | null
  /** yyyy-mm-dd */
  readonly releaseDate: string | null
  readonly year: number | null
  /** Minutes. */
  readonly runtime: number | null
  readonly genreIds: readonly number[]
  /** ISO 639-1. */
  readonly originalLanguage: string | null
  /** ISO 3166-1 alpha-2. */
  readonly countries: readonly string[]
  readonly posterUrl: string | null
  /** TMDB's votes and their mean, 0 to 10. */
  readonly voteCount: number | null
  readonly voteAverage: number | null
}

/** Ratings given on this platform, as the reviews' owner tells them. */
export interface OwnRatings {
  readonly count: number
  /** Stars; null without ratings. */
  readonly average: number | null
}

/** What pages are ordered by (`ranking.ts`). */
export interface MovieKeys {
  readonly popularity: number
  readonly ratingScore: number
  readonly newestKey: number
  readonly oldestKey: number
  readonly titleKey: string
}

export interface Movie extends MovieFacts {
  readonly id: number
  readonly keys: MovieKeys
  readonly ratings: OwnRatings
  readonly version: number
  readonly updatedAt: Date
}

export type MovieOrder = 'POPULARITY' | 'RATING' | 'NEWEST' | 'OLDEST' | 'TITLE'

/** Where a page starts: behind the film with this key of its order and this id. */
export interface MoviePosition {
  readonly key: number | string
  readonly id: number
}

export interface MovieFilter {
  /** SQL LIKE patterns for the search text, all to be matched (`search-text.ts`). */
  readonly patterns?: readonly string[]
  /** Any of these. */
  readonly genreIds?: readonly number[]
  /** Inclusive. */
  readonly yearFrom?: number
  readonly yearTo?: number
  readonly originalLanguage?: string
}

export interface PageQuery {
  readonly order: MovieOrder
  readonly after: MoviePosition | undefined
  readonly limit: number
}

/** Makes the events that leave with a write, of what was written. */
export type Tell<T> = (written: T) => readonly OutgoingEvent[]

/** The ids of a film that no other may have. */
export type UniqueField = 'tmdbId' | 'imdbId'

export type UpdateOutcome =
  | { readonly kind: 'updated'; readonly movie: Movie }
  | { readonly kind: 'taken'; readonly field: UniqueField }
  | { readonly kind: 'conflict'; readonly movie: Movie }
  | { readonly kind: 'gone' }

export type CreateOutcome = Extract<UpdateOutcome, { readonly kind: 'taken' }> | CreatedMovie
export interface CreatedMovie {
  readonly kind: 'created'
  readonly movie: Movie
}

/** Facts of a load for a film: with `id` what is there is replaced, without it a film is added. */
export interface MovieWrite {
  readonly id: number | undefined
  /** An id that a new film should have; it has to be free. */
  readonly wantedId: number | undefined
  readonly facts: MovieFacts
}

/** What films of a batch can be recognised by. */
export interface MovieIdentities {
  readonly ids: readonly number[]
  readonly tmdbIds: readonly number[]
  readonly imdbIds: readonly string[]
  readonly titleKeys: readonly string[]
}

/** One batch of a load, within its transaction. */
export interface MovieBatch {
  /** Films that share an id or a title's key with the batch, held until the transaction ends. */
  candidates(identities: MovieIdentities): Promise<readonly Movie[]>
  /** @returns the ids, in the order of the writes */
  write(writes: readonly MovieWrite[]): Promise<readonly number[]>
  tell(events: readonly OutgoingEvent[]): Promise<void>
}

/**
 * Films, the ratings they are ordered by, and which genres exist. Every write is one transaction of the rows and the
 * events they cause. Lists are read with one statement, however many ids or parents.
 */
export interface MovieStore {
  /** In any order; those that are not there are left out. */
  byIds(ids: readonly number[]): Promise<readonly Movie[]>
  byTmdbIds(ids: readonly number[]): Promise<readonly Movie[]>
  byImdbIds(ids: readonly string[]): Promise<readonly Movie[]>
  page(filter: MovieFilter, query: PageQuery): Promise<readonly Movie[]>
  count(filter: MovieFilter): Promise<number>
  /** The next page of each genre, in order; a genre without films is absent. */
  pagesOfGenres(genreIds: readonly number[], query: PageQuery): Promise<ReadonlyMap<number, readonly Movie[]>>
  /** A genre without films is absent. */
  countsOfGenres(genreIds: readonly number[]): Promise<ReadonlyMap<number, number>>

  create(facts: MovieFacts, tell: Tell<Movie>): Promise<CreateOutcome>
  /** Refused with `conflict` unless the film has `expectedVersion`; the version is raised by one. */
  update(
    target: { readonly id: number; readonly expectedVersion: number },
    change: (present: Movie) => MovieFacts,
    tell: Tell<Movie>,
  ): Promise<UpdateOutcome>
  /** Runs a load's batch in one transaction. */
  batch<T>(work: (batch: MovieBatch) => Promise<T>): Promise<T>

  /**
   * Takes over the ratings of films and what follows of them; films whose ratings are the same are not written.
   * @returns how many films were written
   */
  setRatings(ratings: ReadonlyMap<number, OwnRatings>): Promise<number>

  /** Of these genres, those that exist. */
  knownGenres(ids: readonly number[]): Promise<ReadonlySet<number>>
  saveGenres(genres: { readonly known: readonly number[]; readonly gone: readonly number[] }): Promise<void>

  /** Rejects with the reason when the store does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}
