import type { EventBus } from '@movieverse/kit/bus/bus'
import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'
import type { ServiceOutbox } from '@movieverse/kit/outbox/service-outbox'

export interface Genre {
  readonly id: number
  readonly name: string
  /** Lower-case words joined by hyphens; unique. */
  readonly slug: string
  readonly version: number
}

export interface Person {
  readonly id: number
  readonly name: string
  readonly biography: string | null
  /** YYYY-MM-DD */
  readonly birthday: string | null
  /** YYYY-MM-DD */
  readonly deathday: string | null
  readonly photoUrl: string | null
  /** Acting, Directing, … */
  readonly knownFor: string | null
  /** Unique where there is one. */
  readonly tmdbPersonId: number | null
  readonly version: number
}

export interface CastMember {
  readonly personId: number
  readonly character: string | null
  /** Place in the billing, from 0; unique within the film. */
  readonly order: number
}

/** Who made a film, and what it is about: one document a film. */
export interface FilmCredits {
  readonly movieId: number
  /** In order of billing. */
  readonly cast: readonly CastMember[]
  readonly directorIds: readonly number[]
  readonly keywords: readonly string[]
  readonly version: number
}

export interface Analysis {
  readonly movieId: number
  /** −1 to 1. */
  readonly sentiment: number | null
  readonly summary: string | null
  readonly predictedGenres: readonly { readonly genreId: number; readonly probability: number }[]
  readonly sources: readonly string[]
  readonly updatedAt: Date
  readonly version: number
}

export type NewGenre = Pick<Genre, 'name' | 'slug'>
export type PersonFacts = Omit<Person, 'id' | 'version'>
export type NewCredits = Omit<FilmCredits, 'version'>
export type NewAnalysis = Omit<Analysis, 'version'>

/** One line of a person's list: a part played, or a film directed. */
export interface PersonCredit {
  readonly movieId: number
  readonly job: CreditJob
  /** Place in the film's billing; 0 for directing. */
  readonly order: number
  readonly character: string | null
  /** False when the film is known to be gone. */
  readonly movieKnown: boolean
}

export type CreditJob = 'ACTOR' | 'DIRECTOR'
export type CreditPosition = Pick<PersonCredit, 'movieId' | 'job' | 'order'>

/** Where a page of people starts: behind this name's key (`nameKey`) and id. */
export interface PersonPosition {
  readonly key: string
  readonly id: number
}

export interface PeopleQuery {
  /** Folded beginnings of words (`foldName`); each begins some word of the name. Empty: everyone. */
  readonly words: readonly string[]
  readonly after: PersonPosition | undefined
  readonly limit: number
}

export interface CreditsQuery {
  readonly personIds: readonly number[]
  readonly after: CreditPosition | undefined
  /** Credits at most for each person. */
  readonly limit: number
}

/** A person as a bulk load knows one. */
export interface ImportedPerson {
  readonly tmdbPersonId?: number
  readonly name: string
}

/** Ids of one written batch, at most 1,000: all of them lie from `firstId` to `lastId`. */
export interface ImportedBatch {
  readonly firstId: number
  readonly lastId: number
  readonly count: number
}

/** Makes the events that leave with a write, of what was written. */
export type Tell<T> = (written: T) => readonly OutgoingEvent[]

export type GenreOutcome =
  | { readonly kind: 'saved'; readonly genre: Genre }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'name-taken' | 'slug-taken' }

/**
 * Genres, people, credits and analyses, each a document with an id and a version that every write raises by one.
 * A write and the events it tells commit together. Reads by ids take one statement, however many ids; what is not there
 * is absent from their answers. Imports change nothing, and tell nothing, where the document says the same already.
 */
export interface MetadataStore {
  genresByIds(ids: readonly number[]): Promise<readonly Genre[]>
  genresBySlugs(slugs: readonly string[]): Promise<readonly Genre[]>
  /** All, by name. */
  genres(): Promise<readonly Genre[]>
  /** Without an id: a new one. `change` makes what is to be written of the present genre. */
  saveGenre(
    id: number | undefined,
    change: (present: Genre | undefined) => NewGenre,
    tell: Tell<Genre>,
  ): Promise<GenreOutcome>
  /**
   * Adds those whose name (folded) or slug is not there.
   * @returns ids in the order of the genres
   */
  importGenres(genres: readonly NewGenre[], tell: Tell<ImportedBatch>): Promise<readonly number[]>

  peopleByIds(ids: readonly number[]): Promise<readonly Person[]>
  /** By name (folded, code-point order), then id. */
  people(query: PeopleQuery): Promise<readonly Person[]>
  countPeople(words: readonly string[]): Promise<number>
  /** Without an id: a new one. @returns null when the id is unknown */
  savePerson(
    id: number | undefined,
    change: (present: Person | undefined) => PersonFacts,
    tell: Tell<Person>,
  ): Promise<Person | null>
  /**
   * Adds up to 1,000 people that `matchPeople` finds no one for.
   * @returns ids in the order of the rows
   */
  importPeople(rows: readonly ImportedPerson[], tell: Tell<ImportedBatch>): Promise<readonly number[]>

  credits(movieIds: readonly number[]): Promise<readonly FilmCredits[]>
  /** Newest film id first, within a film parts before directing. Someone without credits is absent. */
  creditsOfPeople(query: CreditsQuery): Promise<ReadonlyMap<number, readonly PersonCredit[]>>
  countCreditsOfPeople(personIds: readonly number[]): Promise<ReadonlyMap<number, number>>
  saveCredits(credits: NewCredits, tell: Tell<FilmCredits>): Promise<FilmCredits>
  /**
   * Replaces the credits of up to 1,000 films.
   * @returns how many changed
   */
  importCredits(credits: readonly NewCredits[], tell: Tell<ImportedBatch>): Promise<number>

  analyses(movieIds: readonly number[]): Promise<readonly Analysis[]>
  /** `change` makes what is to be written of the present analysis. */
  saveAnalysis(
    movieId: number,
    change: (present: Analysis | undefined) => NewAnalysis,
    tell: Tell<Analysis>,
  ): Promise<Analysis>

  /** Of these films, those that are known to exist. */
  knownMovies(ids: readonly number[]): Promise<ReadonlySet<number>>
  /** Films of this range, both ends included, that are known to be gone; by id. */
  goneMovies(range: { readonly first: number; readonly last: number }): Promise<readonly number[]>
  saveMovies(movies: { readonly known: readonly number[]; readonly gone: readonly number[] }): Promise<void>

  /** Rejects with the reason when the store does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** An engine: the store, and how what its writes tell gets to the bus. */
export interface MetadataEngine {
  readonly store: MetadataStore
  outbox(bus: EventBus): ServiceOutbox
}
