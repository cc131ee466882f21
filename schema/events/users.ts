import { z } from 'zod'
import { id, version } from './fields.ts'

const follow = { user_id: id, target_type: z.enum(['person', 'genre', 'user']), target_id: id, version }

/** movieverse.users, keyed by user id. */
export const userEvents = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('profile_updated'), user_id: id, version }),
  z.looseObject({ type: z.literal('followed'), ...follow }),
  z.looseObject({ type: z.literal('unfollowed'), ...follow }),
])
