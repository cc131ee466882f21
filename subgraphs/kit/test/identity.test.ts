import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createIdentityKey,
  createIdentitySigner,
  createIdentityVerifier,
  type Identity,
  loadIdentityKey,
} from '@movieverse/kit/identity'
import { UnsecuredJWT } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'

const viewer = { userId: 42, username: 'ann', roles: ['user', 'admin'], sessionId: 's1' } as const
const key = await createIdentityKey()
const signer = createIdentitySigner(key)
const verifier = createIdentityVerifier('reviews', key)
const refused = expect.objectContaining({ extensions: { code: 'UNAUTHENTICATED' } })

afterEach(() => {
  vi.useRealTimers()
})

describe('a signed identity', () => {
  test.each<[string, Identity]>([
    ['a client who is signed in', { viewer, service: undefined }],
    ['a client who is not', { viewer: null, service: undefined }],
    ['a service', { viewer: null, service: 'search' }],
  ])('states %s', async (_, identity) => {
    expect(await verifier.verify(await signer.sign('reviews', identity))).toEqual(identity)
  })

  test('is for its audience alone', async () => {
    await expect(
      verifier.verify(await signer.sign('movies', { viewer, service: undefined })),
    ).rejects.toEqual(refused)
  })

  test('is not believed from another key, unsigned, or changed', async () => {
    const identity = { viewer, service: undefined }
    const foreign = await createIdentitySigner(await createIdentityKey()).sign('reviews', identity)
    const unsigned = new UnsecuredJWT({ sub: '42' })
      .setAudience('reviews')
      .setIssuer('movieverse-platform')
      .setIssuedAt()
      .setExpirationTime('60s')
      .encode()
    const [header, payload = '', signature] = (await signer.sign('reviews', identity)).split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: '1' })).toString('base64url')
    for (const token of [foreign, unsigned, `${header}.${changed}.${signature}`, 'x', '', undefined]) {
      await expect(verifier.verify(token)).rejects.toEqual(refused)
    }
  })

  test('ends after a minute, also where it was believed before', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-01-01T00:00:00Z') })
    const token = await signer.sign('reviews', { viewer, service: undefined })
    vi.setSystemTime(new Date('2026-01-01T00:00:59Z'))
    expect((await verifier.verify(token)).viewer).toEqual(viewer)
    vi.setSystemTime(new Date('2026-01-01T00:01:06Z'))
    await expect(verifier.verify(token)).rejects.toEqual(refused)
  })
})

describe('the key file', () => {
  test('is made once, by whoever comes first, and only its owner may read it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'movieverse-identity-'))
    const file = join(folder, 'keys', 'identity.json')
    const keys = await Promise.all([loadIdentityKey(file), loadIdentityKey(file), loadIdentityKey(file)])
    keys.push(await loadIdentityKey(file))
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(1)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    await rm(folder, { recursive: true })
  })

  test('in a folder that cannot be is refused with what to do', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'movieverse-identity-'))
    await writeFile(join(folder, 'keys'), 'a file')
    await expect(loadIdentityKey(join(folder, 'keys', 'identity.json'))).rejects.toMatchObject({
      code: 'DATA_DIR_NOT_WRITABLE',
      remedy: expect.stringContaining('DATA_DIR'),
    })
    await rm(folder, { recursive: true })
  })

  test('that is none is refused with what to do', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'movieverse-identity-'))
    const file = join(folder, 'identity.json')
    await writeFile(file, '{"kty":"OKP"}')
    await expect(loadIdentityKey(file)).rejects.toMatchObject({
      code: 'START_FAILED',
      remedy: expect.stringContaining('backup'),
    })
    await rm(folder, { recursive: true })
  })
})

test('a clock that differs is told apart from a forged identity', async () => {
  const own = createIdentityVerifier('reviews', key)
  await expect(own.verify('forged')).rejects.toEqual(refused)
  await own.check()
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + 300_000)
  const token = await signer.sign('reviews', { viewer, service: undefined })
  vi.useRealTimers()
  await expect(own.verify(token)).rejects.toEqual(refused)
  await expect(own.check()).rejects.toThrow(/^The clock of who asks is (299|300) s from this one$/)
})
