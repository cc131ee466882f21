import type { KeyValue } from '@movieverse/kit/kv/kv'
import { RequestFault } from '../http/faults.ts'

/** Which sessions were ended while their access tokens are still good. */
export interface Revocations {
  /**
   * Asks the store every time, never a cache: an ended session is out at once. Questions of one turn of the event loop go
   * as one.
   * @throws RequestFault SERVICE_UNAVAILABLE when the store does not answer: nobody passes unchecked
   */
  isRevoked(sessionId: string): Promise<boolean>
}

/** Key under which auth marks an ended session, with the rest of its access tokens' life as TTL. */
export function revocationKey(sessionId: string): string {
  return `session:revoked:${sessionId}`
}

export function createRevocations(sessions: KeyValue): Revocations {
  let batch: { readonly ids: string[]; readonly answer: Promise<ReadonlySet<string>> } | null = null

  async function ask(ids: readonly string[]): Promise<ReadonlySet<string>> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    batch = null
    const unique = [...new Set(ids)]
    const marks = await sessions.getMany(unique.map(revocationKey))
    return new Set(unique.filter((_, index) => marks[index] !== null && marks[index] !== undefined))
  }

  return {
    async isRevoked(sessionId) {
      if (batch === null) {
        const ids: string[] = []
        batch = { ids, answer: ask(ids) }
      }
      batch.ids.push(sessionId)
      const { answer } = batch
      try {
        return (await answer).has(sessionId)
      } catch (cause) {
        throw new RequestFault('SERVICE_UNAVAILABLE', 'Sessions cannot be checked at the moment.', {
          extensions: { service: 'sessions' },
          cause,
        })
      }
    },
  }
}
