import { createServer, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { drainServer } from '@movieverse/kit/drain'
import type { Handler } from './routes.ts'

export interface HttpServer {
  readonly server: Server
  /** Drains it: resolves when the requests in flight are answered and every connection is closed. */
  close(lingerMs?: number): Promise<void>
}

/** Milliseconds. */
export interface Timeouts {
  readonly headersTimeout: number
  readonly requestTimeout: number
  readonly keepAliveTimeout: number
}

const openNetwork: Timeouts = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 65_000 }

const malformed: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not come in time.'],
}

/** Answers what is not HTTP, or not in time, in the same form as everything else. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, message] = malformed[error.code ?? ''] ?? ['400 Bad Request', 'This is not an HTTP request.']
  const body = JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] })
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`
  socket.end(head + body)
}

/**
 * HTTP/1.1 as clients of the open network are served: headers within 10 s and the body within 30 s, however slowly they
 * trickle, 16 KB of headers, idle connections kept for 65 s (longer than a load balancer's 60).
 */
export function createHttpServer(handler: Handler, timeouts: Timeouts = openNetwork): HttpServer {
  const server = createServer(
    {
      ...timeouts,
      connectionsCheckingInterval: Math.min(2_000, timeouts.headersTimeout),
      maxHeaderSize: 16 * 1024,
      noDelay: true,
    },
    handler,
  )
  server.on('clientError', refuseConnection)
  return {
    server,
    close: (lingerMs = 0) => drainServer(server, lingerMs),
  }
}
