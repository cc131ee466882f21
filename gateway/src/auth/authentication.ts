import type { Viewer } from '@movieverse/kit/viewer'
import { RequestFault } from '../http/faults.ts'
import type { Revocations } from './revocations.ts'
import type { TokenVerifier } from './tokens.ts'

/** Finds out who asks. */
export interface Authentication {
  /**
   * @param authorization the request's `Authorization` header; without one the client is signed out
   * @throws RequestFault UNAUTHENTICATED for anything but a valid bearer token of a living session; SERVICE_UNAVAILABLE
   *   when that cannot be found out
   */
  viewerOf(authorization: string | undefined): Promise<Viewer | null>
}

export interface AuthenticationDependencies {
  readonly tokens: TokenVerifier
  /** Null where no session store is at hand: tokens then live to their end. */
  readonly revocations: Revocations | null
}

export function createAuthentication({ tokens, revocations }: AuthenticationDependencies): Authentication {
  return {
    async viewerOf(authorization) {
      if (authorization === undefined) return null
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
      if (token === undefined)
        throw new RequestFault(
          'UNAUTHENTICATED',
          'The authorization header must be "Bearer" and an access token.',
          {
            headers: { 'www-authenticate': 'Bearer' },
          },
        )
      const viewer = await tokens.verify(token)
      if (revocations !== null && (await revocations.isRevoked(viewer.sessionId)))
        throw new RequestFault('UNAUTHENTICATED', 'This session was ended.', {
          headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
        })
      return viewer
    },
  }
}
