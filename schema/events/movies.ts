import { z } from 'zod'
import { id, importedRange, version } from './fields.ts'

/** movieverse.movies, keyed by film id. */
export const movieEvents = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('movie_created'), movie_id: id, title: z.string(), version }),
  z.looseObject({ type: z.literal('movie_updated'), movie_id: id, title: z.string(), version }),
  z.looseObject({ type: z.literal('movies_imported'), ...importedRange }),
])
