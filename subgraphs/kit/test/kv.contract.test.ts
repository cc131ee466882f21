import { beforeAll, describe, expect, test, vi } from 'vitest'
import { type KeyValue, KeyValueUnavailable } from '../src/kv/kv.ts'
import { fresh } from './events.ts'
import { keyValueUses, useStores } from './kv-uses.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.each(keyValueUses)('the key-value store for $use on $name', (use) => {
  const stores = useStores(use)
  let store: KeyValue
  beforeAll(() => {
    store = stores.store()
  })

  test('answers what was set, and null for what was not', async () => {
    const key = fresh('key')
    expect(await store.get(key)).toBeNull()
    await store.set(key, 'naïve 😀')
    expect(await store.get(key)).toBe('naïve 😀')
    await store.set(key, '')
    expect(await store.get(key)).toBe('')
  })

  test('reads many keys at once, in their order', async () => {
    const [a, b, c] = [fresh('a'), fresh('b'), fresh('c')] as const
    await store.setMany([
      [a, '1'],
      [c, '3'],
    ])
    expect(await store.getMany([c, b, a, c])).toEqual(['3', null, '1', '3'])
    expect(await store.getMany([])).toEqual([])
    await store.setMany([])
  })

  test('takes the last of several values for one key', async () => {
    const key = fresh('key')
    await store.setMany([
      [key, '1'],
      [key, '2'],
    ])
    expect(await store.get(key)).toBe('2')
  })

  test('forgets a key when its time is over, for every call', async () => {
    const [key, counter, tag] = [fresh('key'), fresh('counter'), fresh('tag')]
    await store.set(key, 'here', { ttlMs: 1500, tags: [tag] })
    await store.increment(counter, 5, { ttlMs: 50 })
    expect(await store.get(key)).toBe('here')
    await pause(1600)
    expect(await store.get(key)).toBeNull()
    expect(await store.getMany([key])).toEqual([null])
    expect(await store.keysByTag(tag)).toEqual([])
    expect(await store.compareAndSet(key, 'here', 'there')).toBe(false)
    expect(await store.delete([key])).toBe(0)
    expect(await store.increment(counter, 1)).toEqual({ value: 1, expiresInMs: null })
  })

  test('keeps a key whose time was taken away by a new value', async () => {
    const key = fresh('key')
    await store.set(key, 'short', { ttlMs: 100 })
    await store.set(key, 'long')
    await pause(150)
    expect(await store.get(key)).toBe('long')
  })

  test('shows a write to other processes: at once for sessions, within a second for caches', async () => {
    const key = fresh('key')
    const other = await stores.second()
    await store.set(key, '1')
    expect(await other.get(key)).toBe('1')
    await store.set(key, '2')
    if (use.durable) expect(await other.get(key)).toBe('2')
    else await vi.waitFor(async () => expect(await other.get(key)).toBe('2'), { timeout: 5000 })
    await store.delete([key])
    if (use.durable) expect(await other.get(key)).toBeNull()
    else await vi.waitFor(async () => expect(await other.get(key)).toBeNull(), { timeout: 5000 })
  })

  test('writes only over the value that was expected', async () => {
    const key = fresh('key')
    expect(await store.compareAndSet(key, 'x', 'y')).toBe(false)
    expect(await store.compareAndSet(key, null, null)).toBe(true)
    expect(await store.compareAndSet(key, null, 'first')).toBe(true)
    expect(await store.compareAndSet(key, null, 'second')).toBe(false)
    expect(await store.compareAndSet(key, null, null)).toBe(false)
    expect(await store.compareAndSet(key, 'first', 'second')).toBe(true)
    expect(await store.compareAndSet(key, 'first', null)).toBe(false)
    expect(await store.get(key)).toBe('second')
    expect(await store.compareAndSet(key, 'second', null)).toBe(true)
    expect(await store.get(key)).toBeNull()
  })

  test('gives a replaced value the tags and the time that come with it, and no others', async () => {
    const [key, old, young] = [fresh('key'), fresh('old'), fresh('young')]
    await store.set(key, '1', { tags: [old] })
    expect(await store.compareAndSet(key, '1', '2', { tags: [young], ttlMs: 300 })).toBe(true)
    expect(await store.keysByTag(old)).toEqual([])
    expect(await store.keysByTag(young)).toEqual([key])
    expect(await store.compareAndSet(key, '2', '3')).toBe(true)
    expect(await store.keysByTag(young)).toEqual([])
    await pause(400)
    expect(await store.get(key)).toBe('3')
  })

  test('keeps a counter’s window where its first call put it', async () => {
    const key = fresh('counter')
    const first = await store.increment(key, 1, { ttlMs: 60_000 })
    expect(first.expiresInMs).toBeGreaterThan(50_000)
    expect(first.expiresInMs).toBeLessThanOrEqual(60_000)
    const second = await store.increment(key, 2, { ttlMs: 600_000 })
    expect(second.value).toBe(3)
    expect(second.expiresInMs).toBeLessThanOrEqual(60_000)
  })

  test('does not count on a value that is no number', async () => {
    const key = fresh('key')
    await store.set(key, 'seven')
    await expect(store.increment(key, 1)).rejects.toThrow()
    expect(await store.get(key)).toBe('seven')
  })

  test('deletes keys and says how many were there', async () => {
    const [a, b] = [fresh('a'), fresh('b')] as const
    await store.set(a, '1')
    expect(await store.delete([a, b])).toBe(1)
    expect(await store.get(a)).toBeNull()
    expect(await store.delete([])).toBe(0)
  })

  test('lists and deletes keys by tag', async () => {
    const [film, person] = [fresh('film'), fresh('person')]
    const [a, b, c] = [fresh('a'), fresh('b'), fresh('c')] as const
    await store.setMany(
      [
        [a, '1'],
        [b, '2'],
      ],
      { tags: [film] },
    )
    await store.set(c, '3', { tags: [film, person] })
    expect([...(await store.keysByTag(film))].sort()).toEqual([a, b, c].sort())
    expect(await store.keysByTag(person)).toEqual([c])
    await store.set(a, '1')
    expect(await store.keysByTag(film)).not.toContain(a)
    expect(await store.getMany([a, b, c])).toEqual(['1', '2', '3'])
    expect(await store.deleteByTag(film)).toBe(2)
    expect(await store.getMany([a, b, c])).toEqual(['1', null, null])
  })

  test('keeps characters outside the basic plane in keys, values and tags', async () => {
    const [key, tag] = [fresh('🎬 clé'), fresh('🍿')]
    await store.set(key, '😀𐍈 ñ\u{10ffff}\n', { tags: [tag] })
    expect(await store.get(key)).toBe('😀𐍈 ñ\u{10ffff}\n')
    expect(await store.keysByTag(tag)).toEqual([key])
    expect(await store.compareAndSet(key, '😀𐍈 ñ\u{10ffff}\n', '🎞')).toBe(true)
  })

  test('takes values of 8 MiB and keys of 1,024 bytes, and refuses what is larger before anything is written', async () => {
    const [key, mebibytes] = [fresh('key'), 8 * 1024 * 1024]
    const longest = `${key}${'é'.repeat((1024 - key.length) / 2)}`
    await store.set(longest, 'x'.repeat(mebibytes))
    expect((await store.get(longest))?.length).toBe(mebibytes)
    await store.delete([longest])
    for (const refused of [
      store.set(key, 'x'.repeat(mebibytes + 1)),
      store.setMany([
        [key, 'fits'],
        [`${longest}xx`, 'does not'],
      ]),
      store.compareAndSet(key, null, 'x', { tags: ['t'.repeat(1025)] }),
      store.increment(`${longest}xx`, 1),
    ])
      await expect(refused).rejects.toThrow(RangeError)
    expect(await store.get(key)).toBeNull()
  })

  test('refuses U+0000, which not every engine can hold', async () => {
    const key = fresh('key')
    await expect(store.set(`${key}\0`, 'value')).rejects.toThrow(RangeError)
    await expect(store.set(key, 'val\0ue')).rejects.toThrow(RangeError)
    await expect(store.get(`${key}\0`)).rejects.toThrow(RangeError)
    await expect(store.keysByTag('\0')).rejects.toThrow(RangeError)
  })

  test('counts as far as a number is exact', async () => {
    const key = fresh('counter')
    await store.increment(key, Number.MAX_SAFE_INTEGER - 1)
    expect((await store.increment(key, 1)).value).toBe(Number.MAX_SAFE_INTEGER)
    for (const by of [0.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1])
      await expect(store.increment(key, by)).rejects.toThrow(RangeError)
  })

  test('takes a time of 0, which is over at once, and refuses one that is none', async () => {
    const key = fresh('key')
    await store.set(key, 'value', { ttlMs: 0, tags: ['none'] })
    expect(await store.get(key)).toBeNull()
    for (const ttlMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(store.set(key, 'value', { ttlMs })).rejects.toThrow(RangeError)
      await expect(store.increment(key, 1, { ttlMs })).rejects.toThrow(RangeError)
    }
    expect(await store.get(key)).toBeNull()
  })

  test('keeps values when it is closed and opened again', async () => {
    const key = fresh('key')
    const first = await stores.open()
    await first.set(key, 'kept')
    await first.close()
    expect(await (await stores.second()).get(key)).toBe('kept')
  })

  test('answers to a ping, and refuses it once it is closed', async () => {
    const other = await stores.open()
    await other.ping()
    await other.close()
    await expect(other.ping()).rejects.toThrow(KeyValueUnavailable)
    await expect(other.get('key')).rejects.toThrow(KeyValueUnavailable)
  })
})
