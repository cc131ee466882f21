/** Longest time, in milliseconds, that the brokers take to agree on a new topic or a new leader. */
const settleMs = 10_000
const againMs = 50

/**
 * Asks until the brokers agree: for some time after a topic was made, or its leader has changed, they answer that they do
 * not know it or do not lead it. kafkajs gives up on several of these answers.
 */
export async function whenSettled<T>(ask: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + settleMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const passing = error instanceof Error && 'retriable' in error && error.retriable === true
      if (!passing || performance.now() > giveUpAt) throw error
      await new Promise((resolve) => setTimeout(resolve, againMs))
    }
  }
}
