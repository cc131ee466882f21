import { outboxSlots } from '@movieverse/kit/outbox/leases'
import type { Collection, Db, IndexDescription } from 'mongodb'
import type {
  AnalysisDocument,
  BatchDocument,
  CounterDocument,
  CreditsDocument,
  FilmDocument,
  GenreDocument,
  LeaseDocument,
  PersonDocument,
  TellingDocument,
  WaitingDocument,
} from './documents.ts'

/** The collections of the service's database. */
export interface Collections {
  readonly genres: Collection<GenreDocument>
  readonly people: Collection<PersonDocument>
  readonly credits: Collection<CreditsDocument>
  readonly analyses: Collection<AnalysisDocument>
  readonly movies: Collection<FilmDocument>
  readonly batches: Collection<BatchDocument>
  readonly counters: Collection<CounterDocument>
  readonly leases: Collection<LeaseDocument>
  /** The same as what their writes have in common. */
  readonly telling: Readonly<Record<TellingName, Collection<TellingDocument>>>
  /** The same as the relay sees them. */
  readonly waiting: readonly Collection<WaitingDocument>[]
}

const tellingNames = ['genres', 'people', 'credits', 'analyses'] as const
type TellingName = (typeof tellingNames)[number]

export function collectionsOf(db: Db): Collections {
  return {
    telling: {
      genres: db.collection('genres'),
      people: db.collection('people'),
      credits: db.collection('credits'),
      analyses: db.collection('analyses'),
    },
    waiting: [...tellingNames, 'batches'].map((name) => db.collection(name)),
    genres: db.collection('genres'),
    people: db.collection('people'),
    credits: db.collection('credits'),
    analyses: db.collection('analyses'),
    movies: db.collection('movies'),
    batches: db.collection('batches'),
    counters: db.collection('counters'),
    leases: db.collection('leases'),
  }
}

const pending: IndexDescription = { key: { 'pending.slot': 1 }, sparse: true }

const indexes: Readonly<Record<string, IndexDescription[]>> = {
  genres: [{ key: { slug: 1 }, unique: true }, { key: { nameKey: 1 }, unique: true }, pending],
  people: [
    { key: { tmdbPersonId: 1 }, unique: true, sparse: true },
    { key: { nameKey: 1, _id: 1 } },
    { key: { words: 1 } },
    pending,
  ],
  credits: [{ key: { people: 1, _id: -1 } }, pending],
  analyses: [pending],
  movies: [{ key: { gone: 1, _id: 1 } }],
  batches: [pending],
  leases: [{ key: { kind: 1, owner: 1 } }],
}

/** A lock of the imports of people. */
export const importLock = 'lock:import-people'

/** Makes the indexes, counters and leases that are not there; several may do so at once. */
export async function prepareCollections(db: Db): Promise<void> {
  const { leases, counters } = collectionsOf(db)
  for (const [name, wanted] of Object.entries(indexes)) await db.collection(name).createIndexes(wanted)
  const slots = Array.from({ length: outboxSlots }, (_, slot) => ({
    _id: `slot:${slot}`,
    kind: 'slot' as const,
  }))
  const free = { owner: null, renewedAt: new Date(0), leaseMs: 0 }
  await leases.bulkWrite(
    [...slots, { _id: importLock, kind: 'lock' as const }].map(({ _id, kind }) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: { kind, ...free } }, upsert: true },
    })),
  )
  await counters.bulkWrite(
    (['genres', 'people'] as const).map((_id) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: { value: 0 } }, upsert: true },
    })),
  )
}
