import type { KeyValue, SetOptions } from './kv.ts'

const maxKeyBytes = 1024
const maxValueBytes = 8 * 1024 * 1024
/** A century. */
const maxTtlMs = 100 * 365 * 86_400_000

function refuseUnfit(what: string, text: string, maxBytes: number): void {
  // A UTF-16 code unit is three bytes of UTF-8 at most: short texts need no counting.
  if (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes)
    throw new RangeError(`A ${what} of the key-value store has at most ${maxBytes} bytes.`)
  if (text.includes('\0')) throw new RangeError(`A ${what} of the key-value store has no U+0000.`)
}

function checkKeys(keys: Iterable<string>): void {
  for (const key of keys) refuseUnfit('key', key, maxKeyBytes)
}

function checkTime(ttlMs: number | undefined): void {
  if (ttlMs !== undefined && !(ttlMs >= 0 && ttlMs <= maxTtlMs))
    throw new RangeError(`A key of the key-value store lives for 0 to ${maxTtlMs} ms.`)
}

function checkOptions(options: SetOptions | undefined): void {
  for (const tag of options?.tags ?? []) refuseUnfit('tag', tag, maxKeyBytes)
  checkTime(options?.ttlMs)
}

const checkValue = (value: string) => refuseUnfit('value', value, maxValueBytes)

/** The store, refusing what the port refuses: no engine takes more than another. */
export function refusingUnfit(store: KeyValue): KeyValue {
  return {
    ...store,
    async get(key) {
      checkKeys([key])
      return store.get(key)
    },
    async getMany(keys) {
      checkKeys(keys)
      return store.getMany(keys)
    },
    async set(key, value, options) {
      checkKeys([key])
      checkValue(value)
      checkOptions(options)
      await store.set(key, value, options)
    },
    async setMany(entries, options) {
      for (const [key, value] of entries) {
        checkKeys([key])
        checkValue(value)
      }
      checkOptions(options)
      await store.setMany(entries, options)
    },
    async compareAndSet(key, expected, next, options) {
      checkKeys([key])
      if (next !== null) checkValue(next)
      checkOptions(options)
      return store.compareAndSet(key, expected, next, options)
    },
    async delete(keys) {
      checkKeys(keys)
      return store.delete(keys)
    },
    async increment(key, by, options) {
      checkKeys([key])
      checkTime(options?.ttlMs)
      if (!Number.isSafeInteger(by)) throw new RangeError('A counter counts in whole numbers.')
      return store.increment(key, by, options)
    },
    async keysByTag(tag) {
      checkOptions({ tags: [tag] })
      return store.keysByTag(tag)
    },
    async deleteByTag(tag) {
      checkOptions({ tags: [tag] })
      return store.deleteByTag(tag)
    },
  }
}
