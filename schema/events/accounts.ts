import { z } from 'zod'
import { id, importedRange, version } from './fields.ts'

/** movieverse.accounts, keyed by user id. */
export const accountEvents = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('user_registered'), user_id: id, username: z.string(), version }),
  z.looseObject({ type: z.literal('user_erased'), user_id: id, version }),
  z.looseObject({ type: z.literal('session_reused'), user_id: id, version }),
  /** A bulk load of members; who keeps one reads them from the owner by id. */
  z.looseObject({ type: z.literal('users_imported'), ...importedRange }),
])
