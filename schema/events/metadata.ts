import { z } from 'zod'
import { id, importedRange, version } from './fields.ts'

/** movieverse.metadata, keyed by the saved document's id. */
export const metadataEvents = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('genre_saved'), genre_id: id, version }),
  z.looseObject({ type: z.literal('person_saved'), person_id: id, version }),
  z.looseObject({ type: z.literal('credits_saved'), movie_id: id, version }),
  z.looseObject({ type: z.literal('analysis_saved'), movie_id: id, version }),
  z.looseObject({ type: z.literal('genres_imported'), ...importedRange }),
  z.looseObject({ type: z.literal('people_imported'), ...importedRange }),
  z.looseObject({ type: z.literal('credits_imported'), ...importedRange }),
  z.looseObject({ type: z.literal('analysis_imported'), ...importedRange }),
])
