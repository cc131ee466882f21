import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Secret } from './secret.ts'

/** A refresh token taken apart. */
export interface RefreshToken {
  /** The session (family) that it belongs to: a UUID. */
  readonly sessionId: string
  /** 0 for the token that the session began with, one more at each rotation. */
  readonly generation: number
  readonly text: string
}

export interface RefreshTokens {
  first(sessionId: string): RefreshToken
  /** The one successor of a token: the same at every call, and known only to who has the token and the secret. */
  successor(token: RefreshToken): RefreshToken
  /** @returns null for a text that this service has never given out */
  parse(text: string): RefreshToken | null
}

const idBytes = 16
const headBytes = idBytes + 4
const keyBytes = 32
const tagBytes = 16

/**
 * A token is session id ‖ generation ‖ key ‖ tag, in base64url. The first key is random, each further one is
 * HMAC(secret, session id ‖ generation ‖ token before): nothing but hashes needs to be stored, and neither the store nor
 * the secret alone makes a token. The tag tells a token of ours from a guess without asking the store.
 */
export function createRefreshTokens(secret: Secret): RefreshTokens {
  const make = (sessionId: string, generation: number, keyOf: (head: Buffer) => Uint8Array): RefreshToken => {
    const head = Buffer.alloc(headBytes)
    head.write(sessionId.replaceAll('-', ''), 'hex')
    head.writeUInt32BE(generation, idBytes)
    const body = Buffer.concat([head, keyOf(head)])
    const text = Buffer.concat([body, tagOf(body)]).toString('base64url')
    return { sessionId, generation, text }
  }
  const tagOf = (body: Uint8Array) => secret.mac('refresh token tags', body).subarray(0, tagBytes)
  return {
    first: (sessionId) => make(sessionId, 0, () => randomBytes(keyBytes)),
    successor: ({ sessionId, generation, text }) =>
      make(sessionId, generation + 1, (head) => secret.mac('refresh token successors', head, text)),
    parse(text) {
      const bytes = Buffer.from(text, 'base64url')
      if (bytes.length !== headBytes + keyBytes + tagBytes || bytes.toString('base64url') !== text)
        return null
      const body = bytes.subarray(0, headBytes + keyBytes)
      if (!timingSafeEqual(tagOf(body), bytes.subarray(body.length))) return null
      return { sessionId: uuid(bytes.subarray(0, idBytes)), generation: bytes.readUInt32BE(idBytes), text }
    },
  }
}

/** What is stored of a token. The token's key is random: a plain hash tells nothing of it. */
export function tokenHash({ text }: RefreshToken): string {
  return createHash('sha256').update(text).digest('base64url')
}

function uuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
