import type { Viewer } from '@movieverse/kit/viewer'
import { RequestFault } from '../http/faults.ts'
import { type RateLimiter, rateKeyOf } from './rates.ts'

/** Lets requests in as long as their address and their user stay within the rates. */
export interface Admission {
  /** @throws RequestFault RATE_LIMITED (HTTP 429) with Retry-After */
  byAddress(address: string | undefined, requests: number): void
  /** @throws RequestFault RATE_LIMITED (HTTP 429) with Retry-After */
  byUser(viewer: Viewer | null, address: string | undefined, requests: number): void
}

export interface AdmissionRules {
  readonly addresses: RateLimiter | null
  readonly users: RateLimiter | null
  /** Addresses that are not counted. */
  isExempt(address: string | undefined): boolean
}

function refuse(waitMs: number, whose: string): void {
  if (waitMs === 0) return
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  throw new RequestFault('RATE_LIMITED', `Too many requests ${whose}; try again in ${seconds} s.`, {
    headers: { 'retry-after': String(seconds) },
    extensions: { retryAfterSeconds: seconds },
  })
}

export function createAdmission({ addresses, users, isExempt }: AdmissionRules): Admission {
  return {
    byAddress(address, requests) {
      if (addresses === null || address === undefined || isExempt(address)) return
      refuse(addresses.take(rateKeyOf(address), requests), 'from this address')
    },
    byUser(viewer, address, requests) {
      if (users === null || viewer === null || isExempt(address)) return
      refuse(users.take(String(viewer.userId), requests), 'of this user')
    },
  }
}
