import type { Analysis, MetadataStore } from '../store.ts'
import type { Collections } from './collections.ts'
import type { AnalysisDocument } from './documents.ts'
import { byIds } from './ids.ts'
import type { DocumentOutbox } from './outbox.ts'
import { writeVersion } from './write.ts'

const toAnalysis = ({ _id, pending: _, ...analysis }: AnalysisDocument): Analysis => ({
  ...analysis,
  movieId: _id,
})

export function createAnalysisStore(
  { analyses, telling }: Collections,
  outbox: DocumentOutbox,
): Pick<MetadataStore, 'analyses' | 'saveAnalysis'> {
  return {
    analyses: async (movieIds) => (await analyses.find(...byIds(movieIds)).toArray()).map(toAnalysis),

    async saveAnalysis(_id, change, tell) {
      const saved = await writeVersion({
        collection: telling.analyses,
        outbox,
        id: _id,
        find: () => analyses.findOne({ _id }),
        next(present: AnalysisDocument | null, version) {
          const { movieId: _movieId, ...fields } = change(present ? toAnalysis(present) : undefined)
          const result = { ...fields, movieId: _id, version }
          return { result, fields, events: tell(result) }
        },
      })
      if (!saved) throw new Error(`The analysis of film ${_id} was not written`)
      return saved
    },
  }
}
