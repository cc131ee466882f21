import { isIPv6 } from 'node:net'
import { rateLimited } from '@movieverse/kit/errors'
import { type Counters, createCounters } from '@movieverse/kit/kv/counters'
import type { KeyValue } from '@movieverse/kit/kv/kv'
import type { Log } from '@movieverse/kit/log'
import type { Secret } from './secret.ts'

/** So many in a window that starts with the first. */
export interface Limit {
  readonly limit: number
  readonly windowMs: number
}

export interface AttemptLimits {
  /** Wrong passwords for one account. */
  readonly failuresByAccount: Limit
  /** Wrong passwords from one address. */
  readonly failuresByAddress: Limit
  readonly registrationsByAddress: Limit
}

export interface Attempts {
  /**
   * Counts an attempt before it is made, so that many at once cannot pass together.
   * @param subject whose attempts are counted; undefined (a caller without an address) is not limited
   * @returns takes the attempt back: it was no failure
   * @throws GraphQLError RATE_LIMITED with `retryAfterSeconds`
   */
  count(kind: keyof AttemptLimits, subject: string | undefined): Promise<() => Promise<void>>
}

export interface AttemptParts {
  readonly store: KeyValue
  readonly limits: AttemptLimits
  readonly secret: Secret
  readonly log: Log
}

/**
 * Counters hold no address and no name, but a keyed hash of them. While the store does not answer, each process limits
 * by its own count.
 */
export function createAttempts({ store, limits, secret, log }: AttemptParts): Attempts {
  const counters: Record<keyof AttemptLimits, Counters> = {
    failuresByAccount: createCounters({ store, limit: 'failures by account', log }),
    failuresByAddress: createCounters({ store, limit: 'failures by address', log }),
    registrationsByAddress: createCounters({ store, limit: 'registrations by address', log }),
  }
  return {
    async count(kind, subject) {
      if (subject === undefined) return async () => {}
      const { limit, windowMs } = limits[kind]
      const counted = kind === 'failuresByAccount' ? subject : networkOf(subject)
      const key = `auth:${kind}:${secret.mac('attempts', kind, '\0', counted).toString('base64url').slice(0, 22)}`
      const { value, expiresInMs, takeBack } = await counters[kind].count(key, windowMs)
      if (value > limit) throw rateLimited(expiresInMs)
      return takeBack
    },
  }
}

/** Whoever has one IPv6 address has 2^64 of them (RFC 6177): the network is counted. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return mapped
  if (!isIPv6(address)) return address
  const [before = '', after = ''] = address.split('::')
  const left = before.split(':').filter(Boolean)
  const right = after.split(':').filter(Boolean)
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16))
    .join(':')
}
