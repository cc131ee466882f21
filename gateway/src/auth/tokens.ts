import { hash } from 'node:crypto'
import type { Viewer } from '@movieverse/kit/viewer'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { RequestFault } from '../http/faults.ts'

export interface TokenSettings {
  /** Where the keys are (RFC 7517): URLs that are asked in turn, or what reads them where auth runs in the same process. */
  readonly jwks: readonly URL[] | (() => Promise<JSONWebKeySet>)
  readonly issuer: string
  readonly audience: string
  /** Milliseconds between two readings of the keys on account of an unknown `kid`. Default 5,000. */
  readonly cooldownMs?: number
  /** Told when the keys could not be read again; the old ones stay in use. */
  readonly onStaleKeys?: (error: unknown) => void
  /** Seconds by which clocks may differ. Default 5. */
  readonly clockToleranceSeconds?: number
}

export interface TokenVerifier {
  /**
   * The viewer whom an access token names.
   * @throws RequestFault UNAUTHENTICATED for a token that is malformed, expired, of another issuer or audience, or not
   *   signed by a known Ed25519 key; SERVICE_UNAVAILABLE when the keys cannot be read
   */
  verify(token: string): Promise<Viewer>
}

const claims = z.object({
  sub: z.string().regex(/^[1-9]\d{0,15}$/),
  username: z.string().min(1),
  roles: z.array(z.enum(['user', 'admin'])),
  sid: z.string().min(1),
  exp: z.number(),
})

const maxKeyAgeMs = 10 * 60_000

const invalid = (message: string) =>
  new RequestFault('UNAUTHENTICATED', message, {
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  })

/** Of the first that answers. @throws what the last one has failed with */
async function fetchKeys([url, ...others]: readonly URL[]): Promise<JSONWebKeySet> {
  if (url === undefined) throw new Error('There is no address of the keys.')
  if (others.length === 0) return fetchKeysOf(url)
  return fetchKeysOf(url).catch(() => fetchKeys(others))
}

async function fetchKeysOf(url: URL): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(5_000),
    headers: { accept: 'application/json' },
  })
  if (!response.ok) throw new Error(`${url.href} answers ${response.status}.`)
  return (await response.json()) as JSONWebKeySet
}

/**
 * The published keys, read again when they are old, and once per cool-down for a `kid` that is not among them, so
 * that keys can rotate and forged key ids cannot make a storm.
 */
function createKeySource(settings: TokenSettings): JWTVerifyGetKey {
  const { jwks, cooldownMs = 5_000, onStaleKeys = () => undefined } = settings
  const load = typeof jwks === 'function' ? jwks : () => fetchKeys(jwks)
  let keys: JWTVerifyGetKey | null = null
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | null = null

  const read = (): Promise<void> => {
    reading ??= load()
      .then((set) => {
        keys = createLocalJWKSet(set)
      })
      .finally(() => {
        readAt = performance.now()
        reading = null
      })
    return reading
  }

  return async (header, token) => {
    if (keys === null) await read()
    else if (performance.now() - readAt > maxKeyAgeMs) await read().catch(onStaleKeys)
    try {
      return await present(keys)(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      if (performance.now() - readAt < cooldownMs && reading === null) throw error
      await read()
      return present(keys)(header, token)
    }
  }
}

function present(keys: JWTVerifyGetKey | null): JWTVerifyGetKey {
  if (keys === null) throw new Error('No keys were read.')
  return keys
}

/** Verifies access tokens: EdDSA JWTs with a `kid`. A verified token is remembered by its hash until it expires. */
export function createTokenVerifier(settings: TokenSettings): TokenVerifier {
  const keys = createKeySource(settings)
  const verified = new LRUCache<string, { readonly viewer: Viewer; readonly expiresAt: number }>({
    max: 20_000,
  })
  const { issuer, audience, clockToleranceSeconds = 5 } = settings

  async function check(token: string): Promise<{ viewer: Viewer; expiresAt: number }> {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ['EdDSA'],
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['sub', 'sid', 'exp', 'iat'],
      })
      const { sub, username, roles, sid, exp } = claims.parse(payload)
      return { viewer: { userId: Number(sub), username, roles, sessionId: sid }, expiresAt: exp * 1000 }
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw invalid('The access token has expired.')
      if (error instanceof errors.JOSEError || error instanceof z.ZodError)
        throw invalid('The access token is not valid.')
      throw new RequestFault('SERVICE_UNAVAILABLE', 'Access tokens cannot be checked at the moment.', {
        extensions: { service: 'auth' },
        cause: error,
      })
    }
  }

  return {
    async verify(token) {
      const key = hash('sha256', token, 'base64')
      const known = verified.get(key)
      if (known) {
        if (known.expiresAt + clockToleranceSeconds * 1000 > Date.now()) return known.viewer
        verified.delete(key)
        throw invalid('The access token has expired.')
      }
      const checked = await check(token)
      verified.set(key, checked)
      return checked.viewer
    },
  }
}
