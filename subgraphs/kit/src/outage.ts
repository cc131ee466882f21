/** Codes by which Node, PostgreSQL, MySQL and Prisma say that someone could not be reached, not that the work is wrong. */
const outageCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ENOTFOUND',
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
  'P2028',
])

/** The same as Prisma's driver adapters say it. */
const outageKinds = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
])

/** Errors whose name says it: those of the MongoDB driver, of our ports, and of entities' owners. */
const outageNames = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongoNotConnectedError',
  'MongoPoolClearedError',
  'MongoWaitQueueTimeoutError',
  'PoolClearedOnNetworkError',
  'KeyValueUnavailable',
  'JobQueueUnavailable',
  'OwnerUnavailable',
])

/** pg's own words where its errors carry no code. */
const outageMessages = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
]

/**
 * Whether a failure comes from a dependency that is down: such a failure says nothing about the work, so for an event
 * it is no attempt, and for a client it is SERVICE_UNAVAILABLE. Looks through causes, aggregated errors, and what Prisma wraps its driver's errors in. A PostgreSQL error
 * that ended its session (FATAL, PANIC) is one as well.
 */
export function isOutage(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 6) return false
  const { code, name, kind, severity, retriable, message, cause, meta, errors } = error as Record<
    string,
    unknown
  >
  if (outageCodes.has(String(code)) || String(code).startsWith('08')) return true
  if (outageNames.has(String(name))) return true
  // kafkajs marks what passes by itself: no connection, no leader, too few replicas in sync.
  if (String(name).startsWith('KafkaJS') && retriable === true) return true
  if (outageKinds.has(String(kind)) || severity === 'FATAL' || severity === 'PANIC') return true
  if (typeof message === 'string' && outageMessages.some((text) => message.includes(text))) return true
  if (Array.isArray(errors) && errors.some((inner) => isOutage(inner, depth + 1))) return true
  if (typeof meta === 'object' && meta !== null && 'driverAdapterError' in meta) {
    if (isOutage(meta.driverAdapterError, depth + 1)) return true
  }
  return isOutage(cause, depth + 1)
}
