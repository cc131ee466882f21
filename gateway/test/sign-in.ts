import { createIdentityKey, createIdentitySigner, createIdentityVerifier } from '@movieverse/kit/identity'
import type { KeyValue } from '@movieverse/kit/kv/kv'
import type { Role } from '@movieverse/kit/viewer'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createAuthentication } from '../src/auth/authentication.ts'
import { createIdentityHeaders } from '../src/auth/identity.ts'
import { createRevocations, sessionKey } from '../src/auth/revocations.ts'
import { createTokenVerifier } from '../src/auth/tokens.ts'

/** Everything that a gateway needs to know its users, and a way to be one. */
export async function createSignIn(sessions: KeyValue) {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'EdDSA', use: 'sig' }
  const identityKey = await createIdentityKey()
  const tokens = createTokenVerifier({
    jwks: async () => ({ keys: [jwk] }),
    issuer: 'movieverse',
    audience: 'movieverse',
  })
  return {
    authentication: createAuthentication({ tokens, revocations: createRevocations(sessions) }),
    headersFor: createIdentityHeaders(createIdentitySigner(identityKey)),
    verifierFor: (service: string) => createIdentityVerifier(service, identityKey),
    /** The header of a signed-in client, whose session is opened. */
    async as(userId: number, roles: readonly Role[] = ['user'], sid = `session-${userId}`) {
      await sessions.set(sessionKey(sid), '{}', { ttlMs: 900_000 })
      const token = await new SignJWT({ username: `user${userId}`, roles: [...roles], sid })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'k1' })
        .setSubject(String(userId))
        .setIssuer('movieverse')
        .setAudience('movieverse')
        .setIssuedAt()
        .setExpirationTime('15m')
        .sign(privateKey)
      return { authorization: `Bearer ${token}` }
    },
  }
}

export type SignIn = Awaited<ReturnType<typeof createSignIn>>
