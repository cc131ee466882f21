import type { Role } from '@movieverse/kit/viewer'
import { SignJWT } from 'jose'
import type { Keyring } from './keyring.ts'
import type { Account } from './store.ts'

export interface AccessToken {
  readonly token: string
  readonly expiresAt: Date
}

/** Makes an account's access token within a session. */
export type SignAccessToken = (account: Account, sessionId: string) => Promise<AccessToken>

/** Roles as tokens and the API name them; every account is a user. */
export function rolesOf({ admin }: Pick<Account, 'admin'>): readonly Role[] {
  return admin ? ['user', 'admin'] : ['user']
}

/**
 * Access tokens: JWTs (RFC 7519) signed with EdDSA, of issuer and audience `movieverse`, with the user's id as `sub`,
 * `username`, `roles` and the session as `sid`.
 * @param ttlMs their life
 */
export function createAccessTokens(keyring: Keyring, ttlMs: number, now: () => Date): SignAccessToken {
  return async (account, sessionId) => {
    const { kid, key } = await keyring.current()
    const issuedAt = Math.floor(now().getTime() / 1000)
    const expiresAt = issuedAt + Math.floor(ttlMs / 1000)
    const token = await new SignJWT({ username: account.username, roles: rolesOf(account), sid: sessionId })
      .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'JWT' })
      .setIssuer('movieverse')
      .setAudience('movieverse')
      .setSubject(String(account.id))
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(key)
    return { token, expiresAt: new Date(expiresAt * 1000) }
  }
}
