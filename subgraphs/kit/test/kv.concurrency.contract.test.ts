import { beforeAll, describe, expect, test } from 'vitest'
import { type KeyValue } from '../src/kv/kv.ts'
import { fresh } from './events.ts'
import { keyValueUses, useStores } from './kv-uses.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.each(keyValueUses)('the key-value store for $use on $name, used by many at once,', (use) => {
  const stores = useStores(use)
  let store: KeyValue
  beforeAll(() => {
    store = stores.store()
  })

  /** How many of 50, from two processes, replace the same value. */
  async function winners(sides: readonly KeyValue[]): Promise<number> {
    const key = fresh('key')
    await store.set(key, 'before')
    const won = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        sides[index % 2]?.compareAndSet(key, 'before', `${index}`, { ttlMs: 60_000 }),
      ),
    )
    return won.filter(Boolean).length
  }

  /** What a counter stands at after 100 counts of two processes. */
  async function countTo100(sides: readonly KeyValue[]): Promise<string | null> {
    const key = fresh('counter')
    await Promise.all(Array.from({ length: 100 }, (_, index) => sides[index % 2]?.increment(key, 1)))
    return store.get(key)
  }

  test('lets one of 50 win who replace the same value, and counts exactly', async () => {
    const sides = [store, await stores.second()]
    for (let round = 0; round < 5; round += 1) {
      expect(await winners(sides)).toBe(1)
      expect(await countTo100(sides)).toBe('100')
    }
  })

  test('is seen to fail at both where reading and writing are two calls', async () => {
    const sides = [store, await stores.second()].map((side) => inTwoCalls(side))
    expect(await winners(sides)).toBeGreaterThan(1)
    expect(Number(await countTo100(sides))).toBeLessThan(100)
  })

  test('lets one of many win who set the same absent key, and again after its time', async () => {
    const key = fresh('lock')
    const other = await stores.second()
    const race = async () =>
      (
        await Promise.all(
          Array.from({ length: 30 }, (_, index) =>
            (index % 2 ? store : other).compareAndSet(key, null, String(index), { ttlMs: 60_000 }),
          ),
        )
      ).filter(Boolean)
    expect(await race()).toHaveLength(1)
    expect(await race()).toHaveLength(0)
    await store.set(key, 'released soon', { ttlMs: 50 })
    await pause(100)
    expect(await race()).toHaveLength(1)
  })

  test('counts exactly, whoever counts', async () => {
    const key = fresh('counter')
    const other = await stores.second()
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 ? store : other).increment(key, 1)),
    )
    expect(await store.increment(key, -50)).toEqual({ value: 50, expiresInMs: null })
    expect(await store.get(key)).toBe('50')
  })

  test('deletes by tag what was there before, while others write under the tag', async () => {
    const tag = fresh('tag')
    const other = await stores.second()
    const before = Array.from({ length: 20 }, (_, index) => fresh(`before-${index}`))
    const meanwhile = Array.from({ length: 60 }, (_, index) => fresh(`meanwhile-${index}`))
    await store.setMany(
      before.map((key) => [key, 'old'] as const),
      { tags: [tag] },
    )
    const [deleted] = await Promise.all([
      Promise.all([store.deleteByTag(tag), other.deleteByTag(tag), store.deleteByTag(tag)]),
      ...meanwhile.map((key, index) =>
        (index % 2 ? store : other).set(key, 'new', { tags: [tag], ttlMs: 60_000 }),
      ),
    ])
    expect(await store.getMany(before)).toEqual(before.map(() => null))
    // Whatever was not deleted is there and still under its tag: nothing is half gone.
    const left = (await other.getMany(meanwhile)).filter((value) => value !== null).length
    expect(await store.keysByTag(tag)).toHaveLength(left)
    expect(deleted.reduce((sum, count) => sum + count, 0)).toBe(before.length + meanwhile.length - left)
    expect(await store.deleteByTag(tag)).toBe(left)
    expect(await store.keysByTag(tag)).toEqual([])
  })

  test('takes ten thousand keys in one call', async () => {
    const tag = fresh('many')
    const entries = Array.from({ length: 10_000 }, (_, index) => [`${tag} ${index}`, `${index}`] as const)
    const keys = entries.map(([key]) => key)
    await store.setMany(entries, { tags: [tag], ttlMs: 600_000 })
    expect(await store.getMany(keys)).toEqual(entries.map(([, value]) => value))
    expect(await store.keysByTag(tag)).toHaveLength(10_000)
    expect(await store.delete(keys.slice(0, 4_000))).toBe(4_000)
    expect(await store.deleteByTag(tag)).toBe(6_000)
  })

  test('takes writes of the same keys from many sides without standing still', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => fresh(`key-${index}`))
    const other = await stores.second()
    await Promise.all(
      Array.from({ length: 20 }, (_, round) => {
        const order = round % 2 ? keys : [...keys].reverse()
        const side = round % 2 ? store : other
        return round % 5 === 4
          ? side.delete(order)
          : side.setMany(order.map((key) => [key, String(round)] as const))
      }),
    )
    await store.setMany(keys.map((key) => [key, 'last'] as const))
    expect(await store.getMany(keys)).toEqual(keys.map(() => 'last'))
  })
})

/** A store as it must not be: it decides by what it read before. */
function inTwoCalls(store: KeyValue): KeyValue {
  return {
    ...store,
    async compareAndSet(key, expected, next, options) {
      if ((await store.get(key)) !== expected || next === null) return false
      await store.set(key, next, options)
      return true
    },
    async increment(key, by) {
      const value = Number(await store.get(key)) + by
      await store.set(key, `${value}`)
      return { value, expiresInMs: null }
    },
  }
}
