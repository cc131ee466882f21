import type { EventOrigin } from '@movieverse/schema/events/contract'
import type { Analysis, CastMember } from '../store.ts'

/** An event that its document's write tells, until it has left. */
export interface PendingEntry {
  readonly id: string
  /** The relays' share that it belongs to. */
  readonly slot: number
  readonly topic: string
  readonly key: string
  readonly type: string
  readonly time: Date
  readonly origin: EventOrigin
  readonly traceparent?: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What every document has whose writes tell something. */
export interface TellingDocument {
  readonly _id: number
  /** Raised by one with every write; a write is done only on the version that it was made of. */
  readonly version: number
  /** In the order of the writes. */
  readonly pending: readonly PendingEntry[]
}

export interface GenreDocument extends TellingDocument {
  readonly name: string
  readonly slug: string
  readonly nameKey: string
}

export interface PersonDocument extends TellingDocument {
  readonly name: string
  readonly biography: string | null
  readonly birthday: string | null
  readonly deathday: string | null
  readonly photoUrl: string | null
  readonly knownFor: string | null
  /** Absent where there is none: the unique index leaves out what is absent. */
  readonly tmdbPersonId?: number
  readonly nameKey: string
  readonly words: readonly string[]
}

export interface CreditsDocument extends TellingDocument {
  readonly cast: readonly CastMember[]
  readonly directorIds: readonly number[]
  readonly keywords: readonly string[]
  /** Everyone in the film, once for each credit. */
  readonly people: readonly number[]
}

export interface AnalysisDocument extends TellingDocument, Omit<Analysis, 'movieId' | 'version'> {}

export interface FilmDocument {
  readonly _id: number
  readonly gone: boolean
}

/** A bulk load's batch while its rows are written and until its events have left. */
export interface BatchDocument {
  readonly _id: string
  readonly startedAt: Date
  /** What leaves when the batch's writer is gone. */
  readonly planned?: readonly PendingEntry[]
  readonly pending?: readonly PendingEntry[]
}

/** Any document as the relay sees it. */
export interface WaitingDocument {
  readonly _id: number | string
  readonly pending?: readonly PendingEntry[]
}

/** The last id given away. */
export interface CounterDocument {
  readonly _id: 'genres' | 'people'
  readonly value: number
}

/** Something that one process holds at a time, for as long as it renews. */
export interface LeaseDocument {
  /** A relay's slot, the relay itself, or a lock. */
  readonly _id: string
  readonly kind: 'slot' | 'relay' | 'lock'
  readonly owner: string | null
  readonly renewedAt: Date
  readonly leaseMs: number
}
