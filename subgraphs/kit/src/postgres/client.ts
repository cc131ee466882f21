import pg from 'pg'

const connectTimeoutMs = 10_000

/**
 * A session with a server. A connection that is lost fails the next statement, and nothing else.
 * @param onLost told of it when it happens
 */
export async function connectClient(
  config: pg.ClientConfig,
  onLost: (error: Error) => void = () => undefined,
): Promise<pg.Client> {
  const client = new pg.Client({ connectionTimeoutMillis: connectTimeoutMs, ...config })
  // An error that nobody hears ends the process.
  client.on('error', onLost)
  await client.connect()
  return client
}

/** A session that ends with its use. */
export async function withClient<T>(
  config: pg.ClientConfig,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connectClient(config)
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
