import type { Filter } from 'mongodb'
import { batchOf } from '../imported-batch.ts'
import { type KnownPerson, matchPeople } from '../metadata/match-people.ts'
import { nameKey, nameWords } from '../names.ts'
import { unknownPerson } from '../person-facts.ts'
import type { ImportedPerson, MetadataStore, Person, PersonFacts } from '../store.ts'
import type { Collections } from './collections.ts'
import type { PersonDocument } from './documents.ts'
import { allocateId, allocateIds, byIds } from './ids.ts'
import { createImportLock } from './import-lock.ts'
import type { DocumentOutbox } from './outbox.ts'
import { writeVersion } from './write.ts'

const toPerson = ({ _id, pending: _, nameKey: _key, words: _words, ...facts }: PersonDocument): Person => ({
  ...facts,
  id: _id,
  tmdbPersonId: facts.tmdbPersonId ?? null,
})

const fieldsOf = ({ tmdbPersonId, ...facts }: PersonFacts) => ({
  ...facts,
  tmdbPersonId: tmdbPersonId ?? undefined,
  nameKey: nameKey(facts.name),
  words: nameWords(facts.name),
})

type PersonStore = Pick<
  MetadataStore,
  'peopleByIds' | 'people' | 'countPeople' | 'savePerson' | 'importPeople'
>

export function createPersonStore(collections: Collections, outbox: DocumentOutbox): PersonStore {
  const { people, telling } = collections
  const alone = createImportLock(collections)
  return {
    peopleByIds: async (ids) => (await people.find(...byIds(ids)).toArray()).map(toPerson),

    async people({ words, after, limit }) {
      const conditions = prefixes(words)
      if (after)
        conditions.push({
          $or: [{ nameKey: { $gt: after.key } }, { nameKey: after.key, _id: { $gt: after.id } }],
        })
      const page = {
        sort: { nameKey: 1, _id: 1 },
        limit,
        batchSize: limit + 1,
        projection: { pending: 0 },
      } as const
      return (await people.find(all(conditions), page).toArray()).map(toPerson)
    },

    countPeople: (words) => people.countDocuments(all(prefixes(words))),

    async savePerson(id, change, tell) {
      const _id = id ?? (await allocateId(collections, 'people'))
      const saved = await writeVersion({
        collection: telling.people,
        outbox,
        id: _id,
        find: () => people.findOne({ _id }),
        next(present: PersonDocument | null, version) {
          if (id !== undefined && !present) return undefined
          const facts = change(present ? toPerson(present) : undefined)
          const result = { ...facts, id: _id, version }
          return { result, fields: fieldsOf(facts), events: tell(result) }
        },
      })
      return saved ?? null
    },

    // One import after another: who is who depends on who is there.
    importPeople: (rows, tell) =>
      alone(async () => {
        const match = matchPeople(rows, await candidates(collections, rows))
        const ids = await allocateIds(collections, 'people', match.added.length)
        const events = batchOf([...ids.map((id) => ({ id })), ...match.identified]).flatMap(tell)
        return outbox.batch(events, async () => {
          const added = match.added.map((row, index) => ({
            ...fieldsOf({ ...unknownPerson, ...row }),
            _id: ids[index] ?? 0,
            version: 1,
            pending: [],
          }))
          if (added.length > 0) await people.insertMany(added)
          if (match.identified.length > 0)
            await people.bulkWrite(
              match.identified.map(({ id, tmdbPersonId }) => ({
                updateOne: { filter: { _id: id }, update: { $set: { tmdbPersonId }, $inc: { version: 1 } } },
              })),
            )
          const result = match.rows.map((place) => {
            const id = 'id' in place ? place.id : ids[place.added]
            if (id === undefined) throw new Error('The counter of people gave too few ids')
            return id
          })
          return { result, events }
        })
      }),
  }
}

/** A condition for each beginning of a word; an expression of this form walks the index of words. */
function prefixes(words: readonly string[]): Filter<PersonDocument>[] {
  return words.map((word) => ({ words: { $regex: `^${word.replace(/[^\p{L}\p{N}]/gu, '\\$&')}` } }))
}

const all = (conditions: Filter<PersonDocument>[]): Filter<PersonDocument> =>
  conditions.length === 0 ? {} : { $and: conditions }

/** Everyone with one of the rows' names or TMDB ids, by id. */
async function candidates(
  { people }: Collections,
  rows: readonly ImportedPerson[],
): Promise<readonly KnownPerson[]> {
  const keys = rows.map(({ name }) => nameKey(name))
  const tmdbIds = rows.flatMap(({ tmdbPersonId }) => tmdbPersonId ?? [])
  const options = { batchSize: 10_000, projection: { nameKey: 1, tmdbPersonId: 1 } }
  // Two questions, each along its own index.
  const [namesakes, same] = await Promise.all([
    people.find({ nameKey: { $in: keys } }, options).toArray(),
    people.find({ tmdbPersonId: { $in: tmdbIds } }, options).toArray(),
  ])
  const found = new Map([...namesakes, ...same].map((person) => [person._id, person]))
  return [...found.values()]
    .map((person) => ({
      id: person._id,
      nameKey: person.nameKey,
      tmdbPersonId: person.tmdbPersonId ?? null,
    }))
    .sort((a, b) => a.id - b.id)
}
