import type { Server, ServerResponse } from 'node:http'
import { Server as NetServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Milliseconds that the platform's own clients (the gateway, nginx) keep an idle connection. A connection is let go by
 * its client, never by the server under the client's next request, of which nobody would know whether it was done.
 */
export const keptConnectionMs = 4_000

/**
 * Ends an HTTP server so that no request fails by it; readiness is to be red by then already. It answers as before for
 * `lingerMs`, so that those who look at readiness go elsewhere. Then it listens no more, which sends whoever comes anew to
 * another process, and says `Connection: close` with each answer, until its clients have let go of their connections. What
 * is in hand is answered.
 * @param lingerMs 0 lets go of idle connections at once
 */
export async function drainServer(server: Server, lingerMs: number): Promise<void> {
  await delay(lingerMs)
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.shouldKeepAlive = false
  })
  // Right after what has come was accepted; that of http would close idle connections.
  await new Promise<void>((resolve) => setImmediate(resolve))
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
  if (lingerMs > 0) await Promise.race([closed, delay(keptConnectionMs + 1_000)])
  // A connection that is busy becomes idle later.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  server.closeIdleConnections()
  await closed.finally(() => clearInterval(sweep))
  // Only http's own ends its timer.
  server.close(() => undefined)
}
