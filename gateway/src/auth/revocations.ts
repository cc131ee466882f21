import type { KeyValue } from '@movieverse/kit/kv/kv'
import { RequestFault } from '../http/faults.ts'

/** Which sessions have ended while their access tokens are still good. */
export interface Revocations {
  /**
   * Asks the store for every request, never a cache: an ended session is out at once. While one question is under way
   * the next ones gather and go as one, so that their number does not grow with the requests.
   * A session that the store does not have has ended, however it was lost.
   * @throws RequestFault SERVICE_UNAVAILABLE when the store does not answer: nobody passes unchecked
   */
  isRevoked(sessionId: string): Promise<boolean>
}

/** Key under which auth keeps a session as long as it lives. */
export function sessionKey(sessionId: string): string {
  return `session:${sessionId}`
}

/** Milliseconds after which a question without an answer no longer holds up the next. */
const slowMs = 100

/** Resolves when the question is answered, with whatever, or slow. */
function doneOrSlow(question: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, slowMs)
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    // If it failed, it has told its own askers.
    question.then(done, done)
  })
}

export function createRevocations(sessions: KeyValue): Revocations {
  let gathering: { readonly ids: Set<string>; readonly answer: Promise<ReadonlySet<string>> } | null = null
  let underWay: Promise<unknown> = Promise.resolve()
  /** Why the store does not answer is told once, not with each request. */
  let isTold = false

  async function ask(ids: ReadonlySet<string>, before: Promise<unknown>): Promise<ReadonlySet<string>> {
    await doneOrSlow(before)
    await new Promise<void>((resolve) => setImmediate(resolve))
    gathering = null
    const asked = [...ids]
    const found = await sessions.getMany(asked.map(sessionKey))
    return new Set(asked.filter((_, index) => found[index] === null))
  }

  return {
    async isRevoked(sessionId) {
      if (gathering === null) {
        const ids = new Set<string>()
        const answer = ask(ids, underWay)
        underWay = answer
        gathering = { ids, answer }
      }
      gathering.ids.add(sessionId)
      const { answer } = gathering
      try {
        const revoked = (await answer).has(sessionId)
        isTold = false
        return revoked
      } catch (error) {
        const cause = isTold ? undefined : error
        isTold = true
        throw new RequestFault('SERVICE_UNAVAILABLE', 'Sessions cannot be checked at the moment.', {
          extensions: { service: 'sessions' },
          cause,
        })
      }
    },
  }
}
