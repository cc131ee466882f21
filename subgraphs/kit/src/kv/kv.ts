export interface SetOptions {
  /** Milliseconds until the key is gone; without it the key stays. */
  readonly ttlMs?: number
  /** Tags by which keys are listed and deleted together. */
  readonly tags?: readonly string[]
}

/**
 * Values by key, with an end of life. Each call is atomic; an expired key is absent for every call.
 * Two instances stand in a platform: `sessions` is durable and never cached in the process, `cache` may be lost.
 */
export interface KeyValue {
  get(key: string): Promise<string | null>
  /** In the order of the keys; null where there is none. */
  getMany(keys: readonly string[]): Promise<readonly (string | null)[]>
  set(key: string, value: string, options?: SetOptions): Promise<void>
  setMany(entries: readonly (readonly [key: string, value: string])[], options?: SetOptions): Promise<void>
  /**
   * Writes `next` only if the present value is `expected`; null stands for "absent" on both sides.
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
   * Adds to a counter that starts at 0. `ttlMs` is set when the counter is made and not moved by later calls, so that
   * a counter with one is a fixed window.
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
