import { createServer, type Server, type Socket } from 'node:net'

/** Answers a request: the whole HTTP response as bytes, at once or later. */
export type Respond = (path: string, body: string) => Buffer | Promise<Buffer>

/**
 * The least HTTP/1.1 server that serves every gateway: keep-alive, pipelining, Content-Length and chunked bodies.
 * It stands in for subgraphs that cost nothing; node:http would need the core that the load generator needs too.
 * Bodies arrive at `respond` with one char per byte (latin1), so that they can be compared without decoding.
 */
export function createWireServer(respond: Respond): Server {
  return createServer({ noDelay: true }, (socket) => {
    let pending: Buffer | undefined
    let order = Promise.resolve()
    let waiting = 0
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      let buffer = pending === undefined ? chunk : Buffer.concat([pending, chunk])
      for (;;) {
        const request = readRequest(buffer)
        if (request === undefined) break
        buffer = buffer.subarray(request.end)
        const answer = respond(request.path, request.body)
        if (waiting === 0 && Buffer.isBuffer(answer)) write(socket, answer)
        else {
          waiting++
          order = order.then(async () => {
            write(socket, await answer)
            waiting--
          })
          order.catch((error: Error) => socket.destroy(error))
        }
      }
      pending = buffer.length === 0 ? undefined : buffer
    })
  })
}

function write(socket: Socket, answer: Buffer): void {
  if (!socket.destroyed) socket.write(answer)
}

interface WireRequest {
  readonly path: string
  readonly body: string
  /** The first byte after the request. */
  readonly end: number
}

/** The first request in the buffer; undefined until it is complete. */
function readRequest(buffer: Buffer): WireRequest | undefined {
  const headEnd = buffer.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = buffer.toString('latin1', 0, headEnd)
  const from = head.indexOf(' ') + 1
  const path = head.slice(from, head.indexOf(' ', from))
  const start = headEnd + 4
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)
  if (length === null && /\r\ntransfer-encoding: *chunked/i.test(head)) return readChunks(buffer, path, start)
  const end = start + Number(length?.[1] ?? 0)
  return buffer.length < end ? undefined : { path, body: buffer.toString('latin1', start, end), end }
}

function readChunks(buffer: Buffer, path: string, start: number): WireRequest | undefined {
  let body = ''
  for (let at = start; ; ) {
    const line = buffer.indexOf('\r\n', at)
    if (line < 0) return undefined
    const size = Number.parseInt(buffer.toString('latin1', at, line), 16)
    const end = line + 2 + size + 2
    if (buffer.length < end) return undefined
    if (size === 0) return { path, body, end }
    body += buffer.toString('latin1', line + 2, line + 2 + size)
    at = end
  }
}

/** An HTTP response with its length, ready to be written. */
export function jsonResponse(json: string, status = '200 OK'): Buffer {
  const body = Buffer.from(json)
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}
