import { randomUUID } from 'node:crypto'
import type { KeyValue } from '@movieverse/kit/kv/kv'
import { z } from 'zod'
import { createRefreshTokens, tokenHash } from './refresh-tokens.ts'
import type { Secret } from './secret.ts'

export interface SessionSettings {
  /** Life of a refresh token, from its last rotation on. */
  readonly refreshTokenMs: number
  /** How long a used token still gives its successor. */
  readonly graceMs: number
  /** Life of an access token, which is worth nothing without its session. */
  readonly accessTokenMs: number
}

export interface SessionInfo {
  readonly id: string
  readonly createdAt: Date
  readonly lastUsedAt: Date
  readonly userAgent: string | null
}

export type Rotation =
  | { readonly outcome: 'rotated'; readonly refreshToken: string; readonly session: SessionOwner }
  /** No session, or no token of ours. */
  | { readonly outcome: 'expired' }
  /** A token was used again after the grace: the family has been ended. */
  | { readonly outcome: 'reused'; readonly userId: number }

export interface SessionOwner {
  readonly id: string
  readonly userId: number
  /** The account's session epoch under which it was opened. */
  readonly epoch: number
}

/**
 * Sessions: families of refresh tokens, each rotated at every use (RFC 9700 §4.14.2). They live in the key-value store
 * alone, and whoever asks for a session asks the store: flushing it ends them all, with their access tokens, and nothing
 * else. While it does not answer, every call rejects with KeyValueUnavailable: nobody comes in, nobody is signed out.
 */
export interface Sessions {
  /** Resolves when sessions can be opened: asked before something is done that only a session makes usable. */
  ready(): Promise<void>
  open(owner: {
    userId: number
    epoch: number
    userAgent?: string
  }): Promise<{ id: string; refreshToken: string }>
  rotate(refreshToken: string): Promise<Rotation>
  /** Latest used first. */
  list(userId: number): Promise<readonly SessionInfo[]>
  /** Ends a session and its access tokens; false when there was none. */
  end(sessionId: string): Promise<boolean>
  /** @returns how many sessions were ended */
  endAll(userId: number): Promise<number>
}

/** There as long as the session is: the gateway looks for it at every request that has an access token. */
const sessionKey = (sessionId: string) => `session:${sessionId}`
const userTag = (userId: number) => `user:${userId}`

const stored = z.object({
  userId: z.int(),
  epoch: z.int(),
  /** Hash of the token that comes next. */
  hash: z.string(),
  /** Tokens used within the grace, with when: each still gives its successor. */
  used: z.array(z.object({ hash: z.string(), at: z.int() })),
  createdAt: z.int(),
  lastUsedAt: z.int(),
  userAgent: z.string().nullable(),
})
type Stored = z.infer<typeof stored>

/** Nobody refreshes so often within the grace, unless to fill the store. */
const usedKept = 100

interface SessionParts {
  readonly store: KeyValue
  readonly secret: Secret
  readonly settings: SessionSettings
  readonly now: () => Date
}

export function createSessions({ store, secret, settings, now }: SessionParts): Sessions {
  const tokens = createRefreshTokens(secret)
  const options = (userId: number) => ({ ttlMs: settings.refreshTokenMs, tags: [userTag(userId)] })
  const read = (text: string): Stored => stored.parse(JSON.parse(text))
  const end = async (sessionId: string) => (await store.delete([sessionKey(sessionId)])) > 0

  return {
    ready: () => store.ping(),

    async open({ userId, epoch, userAgent }) {
      const id = randomUUID()
      const token = tokens.first(id)
      const time = now().getTime()
      const session: Stored = {
        userId,
        epoch,
        hash: tokenHash(token),
        used: [],
        createdAt: time,
        lastUsedAt: time,
        userAgent: userAgent?.slice(0, 256) ?? null,
      }
      await store.set(sessionKey(id), JSON.stringify(session), options(userId))
      return { id, refreshToken: token.text }
    },

    async rotate(refreshToken) {
      const token = tokens.parse(refreshToken)
      if (!token) return { outcome: 'expired' }
      const key = sessionKey(token.sessionId)
      const hash = tokenHash(token)
      const successor = tokens.successor(token)
      for (;;) {
        const text = await store.get(key)
        if (text === null) return { outcome: 'expired' }
        const session = read(text)
        const time = now().getTime()
        if (session.lastUsedAt + settings.refreshTokenMs <= time) return { outcome: 'expired' }
        const { userId, epoch } = session
        const rotated: Rotation = {
          outcome: 'rotated',
          refreshToken: successor.text,
          session: { id: token.sessionId, userId, epoch },
        }
        const used = session.used.filter(({ at }) => at + settings.graceMs >= time).slice(-usedKept)
        if (session.hash !== hash) {
          if (used.some((each) => each.hash === hash)) return rotated
          return (await end(token.sessionId)) ? { outcome: 'reused', userId } : { outcome: 'expired' }
        }
        const next: Stored = {
          ...session,
          hash: tokenHash(successor),
          used: [...used, { hash, at: time }],
          lastUsedAt: time,
        }
        if (await store.compareAndSet(key, text, JSON.stringify(next), options(userId))) return rotated
        // Another request was first: what it wrote says whether this one still gets the successor.
      }
    },

    async list(userId) {
      const keys = await store.keysByTag(userTag(userId))
      const texts = await store.getMany(keys)
      return texts
        .flatMap((text, index) => {
          if (text === null) return []
          const { createdAt, lastUsedAt, userAgent } = read(text)
          const id = (keys[index] ?? '').slice(sessionKey('').length)
          return [{ id, createdAt: new Date(createdAt), lastUsedAt: new Date(lastUsedAt), userAgent }]
        })
        .sort((a, b) => b.lastUsedAt.getTime() - a.lastUsedAt.getTime())
    },

    end,

    endAll: (userId) => store.deleteByTag(userTag(userId)),
  }
}
