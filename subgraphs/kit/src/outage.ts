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
  // admin_shutdown, crash_shutdown, cannot_connect_now
  '57P01',
  '57P02',
  '57P03',
  // lock_not_available: who holds it hangs; 58030 io_error
  '55P03',
  '58030',
  // MySQL: too many connections, a lock that was waited for too long
  'ER_CON_COUNT_ERROR',
  'ER_LOCK_WAIT_TIMEOUT',
  'PROTOCOL_CONNECTION_LOST',
  // As Prisma tells of them, by number: the server shuts down, a lock was waited for too long, the session was killed
  '1053',
  '1205',
  '1927',
  // The same of MariaDB's driver: sessions that are closed, sockets that break or say nothing, a pool that gets none
  '45001',
  '45004',
  '45009',
  '45012',
  '45013',
  '45019',
  '45026',
  '45028',
  '45042',
  '45061',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
])

/** No room: PostgreSQL's disk_full, those of MySQL by name and number (disk, table space), MongoDB's OutOfDiskSpace, the system's. */
const fullCodes = new Set([
  '53100',
  'ER_DISK_FULL',
  '1021',
  'ER_RECORD_FILE_FULL',
  '1114',
  '14031',
  'ENOSPC',
  'EDQUOT',
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
 * Whether a failure comes from a dependency that is down or at its limits: such a failure says nothing about the work, so
 * for an event it is no attempt, and for a client it is SERVICE_UNAVAILABLE. Looks through causes, aggregated errors, and
 * what Prisma wraps its driver's errors in. A PostgreSQL error that ended its session (FATAL, PANIC) is one as well.
 */
export function isOutage(error: unknown): boolean {
  return [...failuresIn(error)].some(saysOutage)
}

/** Whether a store has refused a write for want of room, which is an outage too. */
export function isFull(error: unknown): boolean {
  return [...failuresIn(error)].some(({ code }) => fullCodes.has(String(code)))
}

function saysOutage({ code, name, kind, severity, retriable, message }: Failure): boolean {
  const text = String(code)
  if (outageCodes.has(text) || fullCodes.has(text)) return true
  // PostgreSQL's classes: connection exceptions, insufficient resources (disk, memory, connections).
  if (/^(08|53)[0-9A-Z]{3}$/.test(text)) return true
  if (outageNames.has(String(name))) return true
  // kafkajs marks what passes by itself: no connection, no leader, too few replicas in sync.
  if (String(name).startsWith('KafkaJS') && retriable === true) return true
  if (outageKinds.has(String(kind)) || severity === 'FATAL' || severity === 'PANIC') return true
  return typeof message === 'string' && outageMessages.some((part) => message.includes(part))
}

type Failure = Record<string, unknown>

/** The error and all that it is made of. */
function* failuresIn(error: unknown, depth = 0): Generator<Failure, undefined> {
  if (typeof error !== 'object' || error === null || depth > 6) return
  const failure = error as Failure
  yield failure
  const { cause, meta, errors } = failure
  if (Array.isArray(errors)) for (const inner of errors) yield* failuresIn(inner, depth + 1)
  if (typeof meta === 'object' && meta !== null && 'driverAdapterError' in meta)
    yield* failuresIn(meta.driverAdapterError, depth + 1)
  yield* failuresIn(cause, depth + 1)
}
