import { createHash } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'

/** A request as it came from nginx. */
export interface Seen {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Stands in a gateway's place: answers in JSON, streams events, upgrades to WebSocket. */
export interface Upstream {
  readonly name: string
  readonly address: string
  readonly seen: Seen[]
  /** Lets go of the connection of the next request when it has read it. */
  breakNext(): void
  close(): Promise<void>
}

export async function startUpstream(name: string, port = 0): Promise<Upstream> {
  const seen: Seen[] = []
  let breaks = false
  const sockets = new Set<Socket>()
  const server: Server = createServer(async (request, response) => {
    const { method, url: path, headers } = request
    seen.push({ method, path, headers, body: await text(request) })
    if (breaks) {
      breaks = false
      request.socket.destroy()
    } else if (path === '/stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: first\n\n')
    } else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ name }))
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\nsec-websocket-protocol: ${request.headers['sec-websocket-protocol']}\r\n\r\n`,
    )
    // One unmasked text frame (RFC 6455 §5.2).
    socket.write(Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('hello')]))
    socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    name,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    breakNext() {
      breaks = true
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
