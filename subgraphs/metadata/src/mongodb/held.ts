import type { UpdateFilter } from 'mongodb'
import type { LeaseDocument } from './documents.ts'

/** Documents whose time in `field` (`$startedAt`) is so many milliseconds (or a field's value) ago, by the server's clock. */
export function longAgo(field: string, ms: number | string) {
  return { $expr: { $lt: [{ $add: [field, ms] }, '$$NOW'] } }
}

/** Leases that nobody holds, or whose holder has not renewed them in time. */
export const free = longAgo('$renewedAt', '$leaseMs')

/** Takes or renews a lease for `leaseMs` milliseconds from now. */
export function holding(owner: string, leaseMs: number): UpdateFilter<LeaseDocument> {
  return { $set: { owner, leaseMs }, $currentDate: { renewedAt: true } }
}

/** Gives a lease back. */
export const givenBack: UpdateFilter<LeaseDocument> = {
  $set: { owner: null, leaseMs: 0, renewedAt: new Date(0) },
}
