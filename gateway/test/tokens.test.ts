import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createTokenVerifier, type TokenSettings } from '../src/auth/tokens.ts'

async function key(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA')
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' } }
}
type Key = Awaited<ReturnType<typeof key>>

const claims = { username: 'ada', roles: ['user'], sid: 's1' }

function token(by: Key, overrides: Record<string, unknown> = {}, expires: number | string = '15m') {
  return new SignJWT({ ...claims, ...overrides })
    .setProtectedHeader({ alg: 'EdDSA', kid: by.kid })
    .setSubject('42')
    .setIssuer(typeof overrides.iss === 'string' ? overrides.iss : 'movieverse')
    .setAudience(typeof overrides.aud === 'string' ? overrides.aud : 'movieverse')
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(by.privateKey)
}

function verifier(keys: () => readonly Key[], settings: Partial<TokenSettings> = {}) {
  let reads = 0
  const jwks = async (): Promise<JSONWebKeySet> => {
    reads += 1
    return { keys: keys().map(({ jwk }) => jwk) }
  }
  const made = createTokenVerifier({ jwks, issuer: 'movieverse', audience: 'movieverse', ...settings })
  return { verify: made.verify, reads: () => reads }
}

describe('an access token', () => {
  it('names its viewer', async () => {
    const one = await key('one')
    const { verify, reads } = verifier(() => [one])
    const good = await token(one, { roles: ['user', 'admin'] })
    const viewer = { userId: 42, username: 'ada', roles: ['user', 'admin'], sessionId: 's1' }
    expect(await verify(good)).toEqual(viewer)
    expect(await verify(good)).toEqual(viewer)
    expect(reads()).toBe(1)
  })

  it('is good when signed by a key that came later', async () => {
    const [one, two] = [await key('one'), await key('two')]
    let published = [one]
    const { verify } = verifier(() => published, { cooldownMs: 0 })
    await verify(await token(one))
    published = [one, two]
    expect((await verify(await token(two))).userId).toBe(42)
  })

  it('does not make the keys be read again and again for key ids that nobody knows', async () => {
    const [one, forged] = [await key('one'), await key('forged')]
    const { verify, reads } = verifier(() => [one], { cooldownMs: 60_000 })
    await verify(await token(one))
    for (let attempt = 0; attempt < 5; attempt += 1)
      await expect(verify(await token(forged))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(reads()).toBe(1)
  })

  it('is refused when expired, also when it was good before', async () => {
    const one = await key('one')
    const { verify } = verifier(() => [one], { clockToleranceSeconds: 0 })
    const expired = await token(one, {}, Math.floor(Date.now() / 1000) - 10)
    await expect(verify(expired)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', status: 401 })
    const brief = await token(one, {}, Math.floor(Date.now() / 1000) + 2)
    await verify(brief)
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    await expect(verify(brief)).rejects.toMatchObject({ message: 'The access token has expired.' })
  })

  it('is refused for another issuer, audience, key, or without its claims', async () => {
    const [one, same] = [await key('one'), await key('one')]
    const { verify } = verifier(() => [one])
    const bad = [
      token(one, { iss: 'elsewhere' }),
      token(one, { aud: 'elsewhere' }),
      token(same),
      token(one, { sid: undefined }),
      token(one, { roles: ['root'] }),
    ]
    for (const each of bad)
      await expect(verify(await each)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('is refused when it is not EdDSA, whatever its header says', async () => {
    const one = await key('one')
    const { verify } = verifier(() => [one])
    const secret = new TextEncoder().encode('a shared secret of at least 32 bytes')
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const payload = { ...claims, sub: '42', iss: 'movieverse', aud: 'movieverse', exp: 4e9, iat: 1 }
    const hmac = new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret)
    const bad = [await hmac, `${part({ alg: 'none' })}.${part(payload)}.`, 'not a token', '']
    for (const each of bad) await expect(verify(each)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('is checked by keys behind the first URL that answers, and cannot be while none does', async () => {
    const one = await key('one')
    let status = 503
    const server = createServer((_, response) => {
      response.writeHead(status).end(JSON.stringify({ keys: [one.jwk] }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const jwks = [1, port].map((each) => new URL(`http://127.0.0.1:${each}/.well-known/jwks.json`))
    const { verify } = createTokenVerifier({ jwks, issuer: 'movieverse', audience: 'movieverse' })
    await expect(verify(await token(one))).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', status: 503 })
    status = 200
    expect((await verify(await token(one))).username).toBe('ada')
    server.close()
  })
})
