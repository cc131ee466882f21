import type { Cancellation } from '../operation.ts'

const neverAborted = new AbortController().signal

/**
 * The end of a request before its time, for its fetches. They share one listener on the request's signal,
 * made when the first of them begins: a listener for each costs more than the rest of their bookkeeping.
 */
export class SignalCancellation implements Cancellation {
  readonly #signal: AbortSignal | undefined
  #stops: Set<() => void> | undefined

  /** @param signal nothing is ever cancelled without one */
  constructor(signal?: AbortSignal) {
    this.#signal = signal
  }

  get cancelled(): boolean {
    return this.#signal?.aborted ?? false
  }

  get signal(): AbortSignal {
    return this.#signal ?? neverAborted
  }

  /** Calls `stop` when the request is cancelled, unless it is removed before. */
  add(stop: () => void): void {
    if (!this.#signal) return
    this.#stops ??= this.#listen(this.#signal)
    this.#stops.add(stop)
  }

  remove(stop: () => void): void {
    this.#stops?.delete(stop)
  }

  #listen(signal: AbortSignal): Set<() => void> {
    const stops = new Set<() => void>()
    signal.addEventListener(
      'abort',
      () => {
        for (const stop of stops) stop()
        stops.clear()
      },
      { once: true },
    )
    return stops
  }
}
