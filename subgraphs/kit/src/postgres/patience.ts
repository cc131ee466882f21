/**
 * Milliseconds for which a session waits and is waited for, so that one who hangs holds up the others for a while only: for
 * a connection and for a lock no longer than a request may take; a transaction whose process stands still (stopped, swapped
 * out) is ended by the server, which frees what it has locked.
 */
export const patience = {
  connectionTimeoutMillis: 10_000,
  lock_timeout: 10_000,
  idle_in_transaction_session_timeout: 15_000,
} as const
