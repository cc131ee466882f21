import pg from 'pg'

/**
 * A pool whose connections may be lost at any time: an idle one is replaced, and whoever has one out hears of it from his
 * next statement.
 * @param onLost told of idle connections that break
 */
export function openPool(config: pg.PoolConfig, onLost: (error: Error) => void = () => undefined): pg.Pool {
  const pool = new pg.Pool(config)
  pool.on('error', onLost)
  // Between two statements of a transaction nobody else listens, and an error that nobody hears ends the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
