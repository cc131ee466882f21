import type { KeyValue } from '../kv.ts'
import { createLocalCopies } from '../local-copies.ts'
import type { EntryTable } from './table.ts'

/**
 * The store with reads answered from the process where it has read the key within the last second.
 * Copies are forgotten before and after each write, and a read that overlaps a write keeps nothing.
 */
export function withLocalCopies(store: KeyValue, table: EntryTable): KeyValue {
  const copies = createLocalCopies()

  async function getMany(keys: readonly string[]): Promise<readonly (string | null)[]> {
    const found = new Map(keys.map((key) => [key, copies.get(key)]))
    const missing = [...found.keys()].filter((key) => found.get(key) === undefined)
    if (missing.length > 0) {
      const keep = copies.beginRead()
      const { rows } = await table.run<{ key: string; value: string; expires_in: string | null }>(
        'getManyToKeep',
        [missing],
      )
      for (const { key, value } of rows) found.set(key, value)
      keep(
        rows.map(({ key, value, expires_in }) => ({
          key,
          value,
          expiresInMs: expires_in === null ? null : Number(expires_in),
        })),
      )
    }
    return keys.map((key) => found.get(key) ?? null)
  }

  async function writing<T>(keys: readonly string[] | 'all', write: () => Promise<T>): Promise<T> {
    const forget = () => (keys === 'all' ? copies.forgetAll() : copies.forget(keys))
    forget()
    try {
      return await write()
    } finally {
      forget()
    }
  }

  return {
    ...store,
    get: async (key) => (await getMany([key]))[0] ?? null,
    getMany,
    set: (key, value, options) => writing([key], () => store.set(key, value, options)),
    setMany: (entries, options) =>
      writing(
        entries.map(([key]) => key),
        () => store.setMany(entries, options),
      ),
    compareAndSet: (key, expected, next, options) =>
      writing([key], () => store.compareAndSet(key, expected, next, options)),
    delete: (keys) => writing(keys, () => store.delete(keys)),
    increment: (key, by, options) => writing([key], () => store.increment(key, by, options)),
    deleteByTag: (tag) => writing('all', () => store.deleteByTag(tag)),
  }
}
