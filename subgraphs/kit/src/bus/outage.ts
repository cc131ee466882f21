/** Codes by which Node, PostgreSQL, MySQL and Prisma say that someone could not be reached, not that the work is wrong. */
const outageCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
  // admin_shutdown, crash_shutdown, cannot_connect_now, too_many_connections
  '57P01',
  '57P02',
  '57P03',
  '53300',
  'PROTOCOL_CONNECTION_LOST',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
])

/** The same as Prisma's driver adapters say it. */
const outageKinds = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
])

/** pg's own words where its errors carry no code. */
const outageMessages = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
]

/**
 * Whether a failure comes from a dependency that is down: such a failure says nothing about the event, so it is no
 * attempt of it. Looks through causes and aggregated errors.
 */
export function isOutage(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false
  const code = 'code' in error ? String(error.code) : ''
  if (outageCodes.has(code) || code.startsWith('08')) return true
  if ('kind' in error && outageKinds.has(String(error.kind))) return true
  if (!(error instanceof Error)) return false
  if (outageMessages.some((message) => error.message.includes(message))) return true
  if (error instanceof AggregateError && error.errors.some((inner) => isOutage(inner, depth + 1))) return true
  return isOutage(error.cause, depth + 1)
}
