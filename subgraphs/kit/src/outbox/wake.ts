/** How a write tells the relay in the same process that there is work. */
export interface Wake {
  wake(): void
  /** Calls `listener` at each `wake()`; answers how to stop that. */
  onWake(listener: () => void): () => void
}

export function createWake(): Wake {
  const listeners = new Set<() => void>()
  return {
    wake() {
      for (const listener of listeners) listener()
    },
    onWake(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
