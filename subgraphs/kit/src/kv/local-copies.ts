import { LRUCache } from 'lru-cache'

/** A value as the store gave it; `expiresInMs` null: it stays. */
export interface ReadEntry {
  readonly key: string
  readonly value: string
  readonly expiresInMs: number | null
}

/**
 * Values read lately, kept in the process for at most a second. What this process writes is never read stale by it; what
 * another process writes may be, for that second. Absence is not kept.
 */
export interface LocalCopies {
  get(key: string): string | undefined
  /** Marks the start of a read of the store; its result is kept only if nothing was written here meanwhile. */
  beginRead(): (entries: Iterable<ReadEntry>) => void
  forget(keys: Iterable<string>): void
  forgetAll(): void
}

export function createLocalCopies({ maxBytes = 16 * 1024 * 1024, ttlMs = 1000 } = {}): LocalCopies {
  const copies = new LRUCache<string, string>({
    maxSize: maxBytes,
    maxEntrySize: maxBytes / 16,
    // UTF-16 code units and the entry's own weight.
    sizeCalculation: (value, key) => 2 * (value.length + key.length) + 100,
    ttl: ttlMs,
  })
  let writes = 0
  return {
    get: (key) => copies.get(key),
    beginRead() {
      const before = writes
      const startedAt = performance.now()
      return (entries) => {
        if (writes !== before) return
        // Both ends count from the read's start: the value may be as old as that.
        const elapsed = performance.now() - startedAt
        for (const { key, value, expiresInMs } of entries) {
          const remaining = Math.floor(Math.min(ttlMs, expiresInMs ?? ttlMs) - elapsed)
          if (remaining > 0) copies.set(key, value, { ttl: remaining })
        }
      }
    },
    forget(keys) {
      writes += 1
      for (const key of keys) copies.delete(key)
    },
    forgetAll() {
      writes += 1
      copies.clear()
    },
  }
}
