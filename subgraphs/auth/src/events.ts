import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'
import type { EventOrigin } from '@movieverse/schema/events/contract'
import type { Account } from './store.ts'

/** What auth publishes, all on this topic and keyed by user id. It handles no events. */
const topic = 'movieverse.accounts'

export function userRegistered({ id, username, version }: Account): OutgoingEvent {
  return { topic, key: id, data: { type: 'user_registered', user_id: id, username, version } }
}

/** Every service that holds anything of the user erases it. */
export function userErased({ id, version }: Pick<Account, 'id' | 'version'>): OutgoingEvent {
  return { topic, key: id, data: { type: 'user_erased', user_id: id, version } }
}

export function sessionReused({ id, version }: Account): OutgoingEvent {
  return { topic, key: id, data: { type: 'session_reused', user_id: id, version } }
}

/** @param ids of one batch, at most 1,000; others' ids may lie between them */
export function usersImported(ids: readonly number[], origin: EventOrigin): OutgoingEvent {
  const first_id = Math.min(...ids)
  const data = { type: 'users_imported' as const, first_id, last_id: Math.max(...ids), count: ids.length }
  return { topic, key: first_id, data, origin }
}
