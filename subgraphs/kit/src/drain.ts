import type { Server, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Ends an HTTP server so that no request fails by it. For `lingerMs` it answers as before and says `Connection: close`
 * with each answer, so that those who keep connections let go of them and go elsewhere; then it stops listening, and
 * resolves when what is in hand is answered and every connection is closed. Readiness is to be red by then already.
 */
export async function drainServer(server: Server, lingerMs: number): Promise<void> {
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.shouldKeepAlive = false
  })
  await delay(lingerMs)
  const closed = new Promise<void>((resolve, reject) =>
    server.close((error) => (error ? reject(error) : resolve())),
  )
  // A connection that was busy when closing began becomes idle later.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  await closed.finally(() => clearInterval(sweep))
}
