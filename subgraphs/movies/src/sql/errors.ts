import { PrismaClientKnownRequestError } from '@prisma/client/runtime/client'

/**
 * Whether a write lost against another one and may be tried again: it met a unique key that another row has, or each of
 * the two held what the other one needed (a deadlock, which the server broke).
 */
export function isLostRace(error: unknown): boolean {
  if (!(error instanceof PrismaClientKnownRequestError)) return false
  // Codes of Prisma's own statements; P2010: one of ours, with what the adapter made of it.
  if (error.code === 'P2002' || error.code === 'P2034') return true
  const cause = error.meta?.driverAdapterError
  return cause instanceof Error && isObject(cause.cause) && lostRaces.has(cause.cause.kind)
}

const lostRaces = new Set<unknown>(['UniqueConstraintViolation', 'TransactionWriteConflict'])

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
