import { reasonOf } from '@movieverse/kit/errors'
import { type Answer, ask } from '../e2e/platform.ts'

/** One request to the platform and what came of it. */
export interface Asked {
  readonly kind: string
  /** Milliseconds of this process's clock. */
  readonly sentAt: number
  readonly answeredAt: number
  /** Undefined where the connection broke, the time was up, or the answer is no GraphQL. */
  readonly data: Answer['data'] | undefined
  /** Codes of its errors, `NO_ANSWER` among them; empty when it succeeded. */
  readonly codes: readonly string[]
  /** Of `NO_ANSWER`. */
  readonly reason?: string
}

/** Asks, and says what came of it instead of throwing. */
export async function tryAsk(
  url: string,
  question: { kind: string; query: string; variables?: Record<string, unknown>; token?: string },
): Promise<Asked> {
  const { kind, query, variables, token } = question
  const sentAt = performance.now()
  try {
    const { data, errors = [] } = await ask(url, query, variables, token)
    return {
      kind,
      sentAt,
      answeredAt: performance.now(),
      data,
      codes: errors.map((error) => error.extensions.code),
    }
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError || error instanceof DOMException))
      throw error
    const reason = reasonOf(error.cause ?? error)
    return { kind, sentAt, answeredAt: performance.now(), data: undefined, codes: ['NO_ANSWER'], reason }
  }
}
