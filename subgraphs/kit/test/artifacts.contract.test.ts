import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ArtifactDamaged, type ArtifactStore } from '../src/artifacts/artifacts.ts'
import { createS3Artifacts } from '../src/artifacts/s3.ts'
import { isOutage } from '../src/outage.ts'
import { type ArtifactPlace, filePlace, s3Places } from './artifact-places.ts'
import { fresh, upTo } from './events.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

test('an S3 that is down is an outage', async () => {
  const nowhere = createS3Artifacts({
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-1',
    bucket: 'none',
    accessKeyId: 'none',
    secretAccessKey: 'none',
  })
  for (const call of [() => nowhere.ping(), () => nowhere.put('a', Buffer.from('a')), () => nowhere.get('a')])
    expect(isOutage(await call().catch((error: unknown) => error))).toBe(true)
  await nowhere.close()
})

describe.each([{ name: 'files', place: filePlace }, ...s3Places])('artifacts on $name', ({ place }) => {
  let here: ArtifactPlace
  let store: ArtifactStore
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'movieverse-artifacts-'))
    here = await place()
    store = here.open()
  })
  afterAll(async () => {
    const { artifacts } = await store.list(root)
    await store.delete(artifacts.map(({ key }) => key))
    await store.close()
    await here.close()
    await rm(folder, { recursive: true })
  })

  const root = fresh('test')
  const newKey = (name = 'model.bin'): string => `${root}/${fresh('x')}/${name}`
  const bytesOf = async (key: string): Promise<Buffer | undefined> => {
    const artifact = await store.get(key)
    return artifact ? buffer(artifact.content) : undefined
  }
  const keysOf = async (prefix: string, options = {}) =>
    (await store.list(prefix, options)).artifacts.map(({ key }) => key)

  test('gives back what was put, with its checksum', async () => {
    const key = newKey()
    const bytes = randomBytes(100_000)
    expect(await store.put(key, bytes)).toEqual({ size: 100_000, sha256: sha256(bytes) })
    const { content, ...artifact } = (await store.get(key)) ?? expect.fail('nothing is there')
    expect(artifact).toEqual({ key, size: 100_000, sha256: sha256(bytes), modifiedAt: expect.any(Date) })
    expect(await buffer(content)).toEqual(bytes)
    expect(await store.get(newKey())).toBeNull()
  })

  test('holds nothing, and texts in any script', async () => {
    const [empty, text] = [newKey('empty'), newKey('text')]
    await store.put(empty, new Uint8Array())
    await store.put(text, Buffer.from('naïve 😀'))
    expect(await bytesOf(empty)).toEqual(Buffer.alloc(0))
    expect((await bytesOf(text))?.toString()).toBe('naïve 😀')
  })

  test('takes a file of many parts without holding it whole', async () => {
    const key = newKey('large')
    const file = join(folder, 'large')
    const bytes = randomBytes(37 << 20)
    await writeFile(file, bytes)
    expect(await store.put(key, { file })).toEqual({ size: bytes.length, sha256: sha256(bytes) })
    const hash = createHash('sha256')
    const artifact = (await store.get(key)) ?? expect.fail('nothing is there')
    for await (const chunk of artifact.content) hash.update(chunk)
    expect(hash.digest('hex')).toBe(artifact.sha256)
    await expect(store.put(newKey(), { file: join(folder, 'none') })).rejects.toThrow('ENOENT')
  })

  test('replaces the whole: readers see the old or the new', async () => {
    const key = newKey()
    const versions = upTo(10).map((number) => Buffer.alloc(3 << 20, number))
    await store.put(key, versions[0] ?? expect.fail())
    let writing = true
    const writer = (async () => {
      for (const version of versions) await store.put(key, version)
      writing = false
    })()
    while (writing) {
      const bytes = (await bytesOf(key)) ?? expect.fail('it is gone')
      expect(versions.some((version) => version.equals(bytes))).toBe(true)
    }
    await writer
    expect(await bytesOf(key)).toEqual(versions.at(-1))
  })

  test('goes on with the content that was there when the reading began', async () => {
    const key = newKey()
    await store.put(key, Buffer.alloc(8 << 20, 1))
    const before = (await store.get(key)) ?? expect.fail('nothing is there')
    const [bytes] = await Promise.all([buffer(before.content), store.put(key, Buffer.alloc(8 << 20, 2))])
    expect(bytes.every((byte) => byte === 1)).toBe(true)
    expect((await bytesOf(key))?.every((byte) => byte === 2)).toBe(true)
  })

  test('creates only what is not there, one of several at once', async () => {
    const key = newKey()
    const outcomes = await Promise.all(upTo(5).map((number) => store.create(key, Buffer.from(`${number}`))))
    expect(outcomes.filter((outcome) => outcome !== null)).toHaveLength(1)
    const winner = outcomes.findIndex((outcome) => outcome !== null)
    expect((await bytesOf(key))?.toString()).toBe(`${winner}`)
    const file = join(folder, 'second')
    await writeFile(file, randomBytes(9 << 20))
    expect(await store.create(key, { file })).toBeNull()
    expect((await bytesOf(key))?.toString()).toBe(`${winner}`)
  })

  test('lists by prefix, in pages, in the order of the bytes', async () => {
    const base = `${root}/${fresh('list')}`
    const keys = [`${base}/a-1`, `${base}/a.b`, `${base}/a/b`, `${base}/a0`, `${base}/b/c/d`, `${base}/b0`]
    for (const key of keys.toReversed()) await store.put(key, Buffer.from(key))
    await store.put(`${base}x`, Buffer.from('beside'))
    expect(await keysOf(`${base}/`)).toEqual(keys)
    expect(await keysOf(`${base}/a/`)).toEqual([`${base}/a/b`])
    expect(await keysOf(`${base}/none`)).toEqual([])
    const first = await store.list(`${base}/`, { limit: 4 })
    expect(first.artifacts.map(({ key }) => key)).toEqual(keys.slice(0, 4))
    expect(first.artifacts[0]).toEqual({
      key: keys[0],
      size: keys[0]?.length,
      modifiedAt: expect.any(Date),
    })
    const second = await store.list(`${base}/`, {
      limit: 4,
      after: first.next ?? expect.fail('no next page'),
    })
    expect(second.artifacts.map(({ key }) => key)).toEqual(keys.slice(4))
    expect(second.next).toBeUndefined()
  })

  test('deletes, and does not mind what is not there', async () => {
    const [one, two] = [newKey(), newKey()]
    await store.put(one, Buffer.from('1'))
    await store.put(two, Buffer.from('2'))
    await store.delete([one, newKey()])
    expect(await bytesOf(one)).toBeUndefined()
    expect((await bytesOf(two))?.toString()).toBe('2')
    await store.delete([])
  })

  test('refuses keys that are none, above all those that reach out of the store', async () => {
    const wrong = [
      '',
      '/',
      '/etc/passwd',
      '../x',
      'a/../b',
      'a/./b',
      'a//b',
      'a/',
      'A',
      'a b',
      'a\0b',
      'ä',
      'a\\b',
      '%2e',
    ]
    for (const key of [...wrong, 'x'.repeat(201)]) {
      const bytes = Buffer.from('x')
      await expect(async () => store.put(key, bytes), key).rejects.toThrow(RangeError)
      await expect(async () => store.create(key, bytes), key).rejects.toThrow(RangeError)
      await expect(store.get(key), key).rejects.toThrow(RangeError)
      await expect(store.delete([key]), key).rejects.toThrow(RangeError)
      await expect(store.presign(key, 60_000), key).rejects.toThrow(RangeError)
    }
    await expect(store.list('a b')).rejects.toThrow(RangeError)
    await expect(store.list('', { limit: 1001 })).rejects.toThrow(RangeError)
  })

  test('says so when what is stored is not what was put', async () => {
    const key = newKey()
    await store.put(key, randomBytes(200_000))
    await here.damage(key)
    const artifact = (await store.get(key)) ?? expect.fail('nothing is there')
    await expect(buffer(artifact.content)).rejects.toThrow(ArtifactDamaged)
    await here.putBare(key)
    await expect(store.get(key)).rejects.toThrow(ArtifactDamaged)
  })

  test('stores a file that changes meanwhile as its checksum says, or not at all', async () => {
    const key = newKey()
    await store.put(key, Buffer.from('old'))
    const file = join(folder, 'changing')
    await writeFile(file, randomBytes(60 << 20))
    const putting = store.put(key, { file })
    await truncate(file, 30 << 20)
    const outcome = await putting.then(
      ({ size }) => size,
      () => 'refused',
    )
    // Where it was cut before the reading began it is a file of that size; else nothing has changed.
    const bytes = await bytesOf(key)
    if (outcome === 'refused') expect(bytes?.toString()).toBe('old')
    else expect(bytes?.length).toBe(outcome)
  })

  test('makes links that anyone may read by until they expire', async () => {
    const key = newKey()
    const bytes = randomBytes(300_000)
    await store.put(key, bytes)
    const link = await store.presign(key, 60_000)
    expect(Buffer.from(await (await fetch(link)).arrayBuffer())).toEqual(bytes)
    const forged = link.replace(/(ignature=)(.)/, (_, name, digit) => `${name}${digit === '0' ? '1' : '0'}`)
    expect((await fetch(forged)).status).toBe(403)
    expect((await fetch(link.replace('model.bin', 'other'))).status).toBe(403)
    expect((await fetch(link, { method: 'DELETE' })).status).toBeGreaterThanOrEqual(400)
    expect((await fetch(await store.presign(newKey(), 60_000))).status).toBe(404)
    const short = await store.presign(key, 1000)
    await expect.poll(async () => (await fetch(short)).status, { timeout: 20_000 }).toBe(403)
    await expect(store.presign(key, 8 * 24 * 60 * 60 * 1000)).rejects.toThrow(RangeError)
  })

  test('answers to a ping', () => store.ping())
})
