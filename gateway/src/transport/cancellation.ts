const listeners = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls `stop` once when the signal is aborted. All fetches of a request share one listener on its signal,
 * since a listener each costs more than a set's entry by two orders of magnitude.
 * @returns ends the interest; to be called when the fetch is over
 */
export function onAbort(signal: AbortSignal, stop: () => void): () => void {
  let stops = listeners.get(signal)
  if (!stops) {
    const made = new Set<() => void>()
    signal.addEventListener(
      'abort',
      () => {
        for (const each of made) each()
        made.clear()
      },
      { once: true },
    )
    listeners.set(signal, made)
    stops = made
  }
  const mine = stops
  mine.add(stop)
  return () => void mine.delete(stop)
}
