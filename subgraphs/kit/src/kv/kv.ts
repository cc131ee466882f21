export interface SetOptions {
  /** Milliseconds until the key is gone; without it the key stays. */
  readonly ttlMs?: number
  /** Tags by which keys are listed and deleted together. */
  readonly tags?: readonly string[]
}

/**
 * Values by key, with an end of life. Each call is atomic, a batch as a whole; an expired key is absent for every call
 * and leaves its tags. Expiry is by the store's clock.
 *
 * Two instances stand in a platform. `sessions` is durable: what was answered outlives a crash of the store's process,
 * and no read is answered from this process. `cache` may be lost at any time, and a read may be a second old; this
 * process's own writes are always seen by it.
 *
 * Keys, tags and values are text without U+0000; keys and tags of at most 1,024 bytes of UTF-8, values of at most 8 MiB;
 * times are 0 to a century. What is not is refused with a RangeError before anything is written. Counters are exact up to 2^53 − 1.
 *
 * A call that the store does not answer, or not within `answerWithinMs`, rejects with KeyValueUnavailable; a write may
 * have been done all the same. No call is repeated by the engine. Once the store answers again, so do the calls.
 */
export interface KeyValue {
  get(key: string): Promise<string | null>
  /** In the order of the keys; null where there is none. */
  getMany(keys: readonly string[]): Promise<readonly (string | null)[]>
  /** Replaces value, end of life and tags. */
  set(key: string, value: string, options?: SetOptions): Promise<void>
  /** Of several values for one key the last one stays. */
  setMany(entries: readonly (readonly [key: string, value: string])[], options?: SetOptions): Promise<void>
  /**
   * Writes `next` as `set` does, only if the present value is `expected`; null stands for "absent" on both sides.
   * @returns whether it wrote
   */
  compareAndSet(
    key: string,
    expected: string | null,
    next: string | null,
    options?: SetOptions,
  ): Promise<boolean>
  /** @returns how many were there */
  delete(keys: readonly string[]): Promise<number>
  /**
   * Adds a whole number to a counter that starts at 0. `ttlMs` is set when the counter is made and not moved by later
   * calls, so that a counter with one is a fixed window.
   * @throws Error when the present value is no whole number; it stays as it is
   */
  increment(
    key: string,
    by: number,
    options?: { readonly ttlMs?: number },
  ): Promise<{ value: number; expiresInMs: number | null }>
  keysByTag(tag: string): Promise<readonly string[]>
  /** @returns how many were deleted */
  deleteByTag(tag: string): Promise<number>
  ping(): Promise<void>
  close(): Promise<void>
}

/** Milliseconds that a call waits for the store. */
export const answerWithinMs = 1_500

/** The store did not answer: it is down, too full, still starting, or was closed. */
export class KeyValueUnavailable extends Error {
  override readonly name = 'KeyValueUnavailable'

  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause)
    super(`The key-value store does not answer: ${reason}`, { cause })
  }
}
