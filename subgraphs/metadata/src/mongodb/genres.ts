import { batchOf } from '../imported-batch.ts'
import { nameKey } from '../names.ts'
import type { Genre, GenreOutcome, MetadataStore, NewGenre } from '../store.ts'
import type { Collections } from './collections.ts'
import type { GenreDocument } from './documents.ts'
import { allocateId, allocateIds, byIds } from './ids.ts'
import type { DocumentOutbox } from './outbox.ts'
import { isDuplicate, writeVersion } from './write.ts'

const toGenre = ({ _id, name, slug, version }: GenreDocument): Genre => ({ id: _id, name, slug, version })
const fieldsOf = ({ name, slug }: NewGenre) => ({ name, slug, nameKey: nameKey(name) })
/** More than there will be genres: one answer holds them all. */
const batchSize = 10_000

type GenreStore = Pick<
  MetadataStore,
  'genresByIds' | 'genresBySlugs' | 'genres' | 'saveGenre' | 'importGenres'
>

export function createGenreStore(collections: Collections, outbox: DocumentOutbox): GenreStore {
  const { genres, telling } = collections

  /** Which of the unique fields another genre has; the slug first. */
  async function takenBy(
    { name, slug }: NewGenre,
    id: number,
  ): Promise<'slug-taken' | 'name-taken' | undefined> {
    if (await genres.findOne({ slug, _id: { $ne: id } })) return 'slug-taken'
    if (await genres.findOne({ nameKey: nameKey(name), _id: { $ne: id } })) return 'name-taken'
    return undefined
  }

  const saveGenre: GenreStore['saveGenre'] = async (id, change, tell): Promise<GenreOutcome> => {
    const _id = id ?? (await allocateId(collections, 'genres'))
    let wanted: NewGenre | undefined
    try {
      const genre = await writeVersion({
        collection: telling.genres,
        outbox,
        id: _id,
        find: () => genres.findOne({ _id }),
        next(present: GenreDocument | null, version) {
          if (id !== undefined && !present) return undefined
          wanted = change(present ? toGenre(present) : undefined)
          const result = { ...wanted, id: _id, version }
          return { result, fields: fieldsOf(wanted), events: tell(result) }
        },
      })
      return genre ? { kind: 'saved', genre } : { kind: 'unknown' }
    } catch (error) {
      if (!isDuplicate(error) || !wanted) throw error
      const taken = await takenBy(wanted, _id)
      // Whoever had it has given it up in the meantime.
      return taken ? { kind: taken } : saveGenre(id, change, tell)
    }
  }

  /** The id of each that is there, by name (folded) or slug. */
  async function find(wanted: readonly NewGenre[]): Promise<readonly (number | undefined)[]> {
    const keys = wanted.map(({ name }) => nameKey(name))
    const slugs = wanted.map(({ slug }) => slug)
    const rows = await genres
      .find({ $or: [{ nameKey: { $in: keys } }, { slug: { $in: slugs } }] }, { batchSize })
      .toArray()
    return wanted.map(
      ({ slug }, index) =>
        (rows.find((row) => row.nameKey === keys[index]) ?? rows.find((row) => row.slug === slug))?._id,
    )
  }

  return {
    genresByIds: async (ids) => (await genres.find(...byIds(ids)).toArray()).map(toGenre),
    genresBySlugs: async (slugs) =>
      (await genres.find({ slug: { $in: [...slugs] } }, { batchSize }).toArray()).map(toGenre),
    genres: async () =>
      (await genres.find({}, { batchSize, sort: { nameKey: 1, _id: 1 } }).toArray()).map(toGenre),
    saveGenre,

    async importGenres(wanted, tell) {
      const found = await find(wanted)
      const unknown = wanted.filter((_, index) => found[index] === undefined)
      if (unknown.length > 0) {
        const ids = await allocateIds(collections, 'genres', unknown.length)
        const documents = unknown.map((genre, index) => ({
          ...fieldsOf(genre),
          _id: ids[index] ?? 0,
          version: 1,
          pending: [],
        }))
        const planned = batchOf(ids.map((id) => ({ id }))).flatMap(tell)
        await outbox.batch(planned, async () => {
          const added: { id: number }[] = []
          for (const document of documents) if (await insertNew(document)) added.push({ id: document._id })
          const all = added.length === documents.length
          return { result: undefined, events: all ? planned : batchOf(added).flatMap(tell) }
        })
      }
      // Someone may have added one of them in the same moment: asked again, never guessed.
      const all = unknown.length === 0 ? found : await find(wanted)
      return all.map((id, index) => {
        if (id === undefined) throw new Error(`Genre ${wanted[index]?.name} was not imported`)
        return id
      })
    },
  }

  /** @returns false when there is one of that name or slug */
  async function insertNew(document: GenreDocument): Promise<boolean> {
    try {
      await genres.insertOne(document)
      return true
    } catch (error) {
      if (!isDuplicate(error)) throw error
      return false
    }
  }
}
