import { isDeepStrictEqual } from 'node:util'
import { batchOf } from '../imported-batch.ts'
import { creditsPage, type FilmOfPerson, peopleOf } from '../person-credits.ts'
import type { FilmCredits, MetadataStore, NewCredits } from '../store.ts'
import type { Collections } from './collections.ts'
import type { CreditsDocument, FilmDocument } from './documents.ts'
import { byIds } from './ids.ts'
import { filmUpserts } from './movies.ts'
import type { DocumentOutbox } from './outbox.ts'
import { writeVersion } from './write.ts'

const toCredits = ({ _id, cast, directorIds, keywords, version }: CreditsDocument): FilmCredits => ({
  movieId: _id,
  cast,
  directorIds,
  keywords,
  version,
})

const fieldsOf = (credits: NewCredits) => ({
  cast: credits.cast.map(({ personId, character, order }) => ({ personId, character, order })),
  directorIds: [...credits.directorIds],
  keywords: [...credits.keywords],
  people: peopleOf(credits),
})

/** A film of a person, and what is known of it. */
interface PersonRow {
  readonly _id: number
  readonly film: Pick<CreditsDocument, '_id' | 'cast' | 'directorIds'>
  readonly movies: readonly FilmDocument[]
}

const toFilm = ({ film: { _id, cast, directorIds }, movies }: PersonRow): FilmOfPerson => ({
  movieId: _id,
  cast,
  directorIds,
  movieKnown: !movies.some(({ gone }) => gone),
})

type CreditsStore = Pick<
  MetadataStore,
  'credits' | 'creditsOfPeople' | 'countCreditsOfPeople' | 'saveCredits' | 'importCredits'
>

export function createCreditsStore(collections: Collections, outbox: DocumentOutbox): CreditsStore {
  const { credits, movies, telling } = collections
  return {
    credits: async (movieIds) => (await credits.find(...byIds(movieIds)).toArray()).map(toCredits),

    async creditsOfPeople({ personIds, after, limit }) {
      const people = [...personIds]
      const rows = await credits
        .aggregate<PersonRow>(
          [
            { $match: { people: { $in: people }, _id: { $lte: after?.movieId ?? 2_147_483_647 } } },
            { $sort: { _id: -1 } },
            // The films of one person are walked along the index, and no further than the page needs.
            ...(people.length === 1 ? [{ $limit: limit + 1 }] : []),
            {
              $project: {
                people: { $setIntersection: ['$people', people] },
                directorIds: { $setIntersection: ['$directorIds', people] },
                cast: {
                  $filter: { input: '$cast', as: 'member', cond: { $in: ['$$member.personId', people] } },
                },
              },
            },
            { $unwind: '$people' },
            { $group: { _id: '$people', films: { $push: '$$ROOT' } } },
            { $project: { film: { $slice: ['$films', limit + 1] } } },
            { $unwind: '$film' },
            {
              $lookup: {
                from: movies.collectionName,
                localField: 'film._id',
                foreignField: '_id',
                as: 'movies',
              },
            },
          ],
          { batchSize: people.length * (limit + 1) + 1 },
        )
        .toArray()
      const films = Map.groupBy(rows, ({ _id }) => _id)
      return new Map(
        [...films].map(([person, found]) => [
          person,
          creditsPage(person, found.map(toFilm), { after, limit }),
        ]),
      )
    },

    async countCreditsOfPeople(personIds) {
      const people = [...personIds]
      const rows = await credits
        .aggregate<{ _id: number; count: number }>(
          [
            { $match: { people: { $in: people } } },
            { $project: { people: 1 } },
            { $unwind: '$people' },
            { $match: { people: { $in: people } } },
            { $group: { _id: '$people', count: { $sum: 1 } } },
          ],
          { batchSize: people.length + 1 },
        )
        .toArray()
      return new Map(rows.map(({ _id, count }) => [_id, count]))
    },

    async saveCredits(wanted, tell) {
      const _id = wanted.movieId
      const saved = await writeVersion({
        collection: telling.credits,
        outbox,
        id: _id,
        find: () => credits.findOne({ _id }),
        next(_present: CreditsDocument | null, version) {
          const result = { ...wanted, version }
          return { result, fields: fieldsOf(wanted), events: tell(result) }
        },
      })
      if (!saved) throw new Error(`The credits of film ${_id} were not written`)
      return saved
    },

    async importCredits(wanted, tell) {
      await movies.bulkWrite(
        filmUpserts(
          wanted.map(({ movieId }) => movieId),
          false,
        ),
      )
      const films = wanted.map((film) => ({ id: film.movieId, fields: fieldsOf(film) }))
      const present = await credits.find(...byIds(films.map(({ id }) => id))).toArray()
      const known = new Map(present.map((film) => [film._id, fieldsOf(toCredits(film))]))
      const changed = films.filter(({ id, fields }) => !isDeepStrictEqual(fields, known.get(id)))
      if (changed.length === 0) return 0
      const events = batchOf(changed).flatMap(tell)
      return outbox.batch(events, async () => {
        await credits.bulkWrite(
          changed.map(({ id, fields }) => ({
            updateOne: {
              filter: { _id: id },
              update: { $set: fields, $inc: { version: 1 }, $setOnInsert: { pending: [] } },
              upsert: true,
            },
          })),
          { ordered: false },
        )
        return { result: changed.length, events }
      })
    },
  }
}
