import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '@movieverse/kit/log'
import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAuthSecret, readAuthSettings } from '../src/env.ts'
import { createAuthSubgraph } from '../src/subgraph.ts'
import { type AuthHarness, openAuth } from './harness.ts'

let service: AuthHarness
beforeAll(async () => {
  service = await openAuth()
})
afterAll(() => service?.close())

const minute = 60_000
const day = 24 * 60 * minute
const published = async () => (await service.auth.jwks()).keys.map(({ kid }) => kid)
const signing = async (username: string) => {
  const { accessToken } = await service.login(username)
  return { kid: decodeProtectedHeader(accessToken).kid, accessToken }
}
/** What the rotation does each minute. */
async function maintain(): Promise<void> {
  const rotation = service.auth.background.find(({ name }) => name === 'auth-key-rotation')
  await rotation?.start()
  await rotation?.stop()
}

test('a published key is public: an Ed25519 JWK with a kid and nothing of the private half', async () => {
  const { keys } = await service.auth.jwks()
  expect(keys).toEqual([
    { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: expect.any(String), x: expect.any(String) },
  ])
})

test('a key rotates after 30 days: published before it signs, and kept until its tokens have expired', async () => {
  await service.register('rotated')
  await maintain()
  const before = await signing('rotated')
  service.advance(30 * day - 50 * minute)
  await maintain()
  const [next] = (await published()).filter((kid) => kid !== before.kid)
  expect(next).toBeDefined()
  expect((await signing('rotated')).kid).toBe(before.kid)

  service.advance(61 * minute)
  const last = await signing('rotated')
  expect(last.kid).toBe(next)
  expect(await published()).toContain(before.kid)

  service.advance(20 * minute)
  await maintain()
  expect(await published()).toEqual([next])
  expect((await service.store.signingKeys()).map(({ kid }) => kid)).toEqual([next])
})

test('an administrator rotates early, without refusing a token that is out', async () => {
  const before = await signing('rotated')
  await service.auth.administration.rotateKeys()
  expect(await published()).toHaveLength(2)
  await service.viewerOf(before.accessToken)
  service.advance(61 * minute)
  expect((await signing('rotated')).kid).not.toBe(before.kid)
})

test('a leaked key is replaced at once, and what it signed is refused', async () => {
  const before = await signing('rotated')
  await service.auth.administration.rotateKeys({ leaked: true })
  await expect(service.viewerOf(before.accessToken)).rejects.toThrow()
  await service.viewerOf((await signing('rotated')).accessToken)
})

test('several processes that start at once agree on the first key', async () => {
  const fresh = await openAuth()
  const others = Array.from({ length: 4 }, () => fresh.another())
  const kids = await Promise.all(others.map(async (auth) => (await auth.jwks()).keys.map(({ kid }) => kid)))
  expect(new Set(kids.flat()).size).toBe(1)
  await fresh.close()
})

test('private keys are sealed: another secret does not open them, and says so', async () => {
  const [key] = await service.store.signingKeys()
  expect(Buffer.from(key?.sealedKey ?? []).includes(Buffer.from(String(key?.publicJwk.x), 'base64url'))).toBe(
    false,
  )
  const other = createAuthSubgraph({
    store: service.store,
    sessions: service.sessions,
    cache: service.sessions,
    secret: 'not the secret that sealed the keys',
    settings: readAuthSettings({}),
    log: silentLog,
    now: service.now,
  })
  const rotation = other.background.find(({ name }) => name === 'auth-key-rotation')
  await expect(rotation?.start()).rejects.toThrow(/another secret/)
})

test('the secret of a data folder is made once, by whoever is first, and only its owner reads it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-secret-'))
  const nested = join(folder, 'data')
  const secrets = await Promise.all(Array.from({ length: 5 }, () => readAuthSecret({ DATA_DIR: nested })))
  expect(new Set(secrets).size).toBe(1)
  expect(secrets[0]?.length).toBeGreaterThanOrEqual(32)
  expect((await stat(join(nested, 'auth.secret'))).mode & 0o777).toBe(0o600)
  const given = 'given by the environment, long enough'
  expect(await readAuthSecret({ DATA_DIR: nested, AUTH_SECRET: given })).toBe(given)
  await rm(folder, { recursive: true })
})

test('settings that are wrong are all named at once, without their values', () => {
  const read = () => readAuthSettings({ AUTH_SECRET: 'too-short', AUTH_FAILURES_PER_ACCOUNT: 'ten' })
  expect(read).toThrow(/AUTH_SECRET[\s\S]*AUTH_FAILURES_PER_ACCOUNT/)
  expect(read).not.toThrow(/too-short/)
})
