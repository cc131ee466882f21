import type { AnyBulkWriteOperation } from 'mongodb'
import type { MetadataStore } from '../store.ts'
import type { Collections } from './collections.ts'
import type { FilmDocument } from './documents.ts'

/** Notes of films whether they are gone. */
export function filmUpserts(ids: readonly number[], gone: boolean): AnyBulkWriteOperation<FilmDocument>[] {
  return ids.map((_id) => ({ updateOne: { filter: { _id }, update: { $set: { gone } }, upsert: true } }))
}

export function createFilmStore({
  movies,
}: Collections): Pick<MetadataStore, 'knownMovies' | 'goneMovies' | 'saveMovies'> {
  return {
    async knownMovies(ids) {
      const found = movies.find({ _id: { $in: [...ids] }, gone: false }, { batchSize: ids.length + 1 })
      return new Set((await found.toArray()).map(({ _id }) => _id))
    },
    async goneMovies({ first, last }) {
      const range = movies.find({ gone: true, _id: { $gte: first, $lte: last } }, { sort: { _id: 1 } })
      return (await range.toArray()).map(({ _id }) => _id)
    },
    async saveMovies({ known, gone }) {
      const writes = [...filmUpserts(known, false), ...filmUpserts(gone, true)]
      if (writes.length > 0) await movies.bulkWrite(writes)
    },
  }
}
