import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { ArtifactStore } from '../artifacts.ts'

/** Links to artifacts that this process answers itself, on the loopback, from the first one that is asked for. */
export interface Links {
  /** @param expiresAt milliseconds since 1970 */
  sign(key: string, expiresAt: number): Promise<string>
  close(): Promise<void>
}

export function createLinks(get: ArtifactStore['get']): Links {
  const secret = randomBytes(32)
  let listening: Promise<Server> | undefined

  const signatureOf = (key: string, until: string): Buffer =>
    createHmac('sha256', secret).update(`${until} ${key}`).digest()

  function isSigned(key: string, query: URLSearchParams): boolean {
    const until = query.get('until') ?? ''
    const signature = Buffer.from(query.get('signature') ?? '', 'hex')
    const wanted = signatureOf(key, until)
    return (
      signature.length === wanted.length && timingSafeEqual(signature, wanted) && Number(until) > Date.now()
    )
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const key = pathname.slice(1)
    if (request.method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end()
    if (!isSigned(key, searchParams)) return void response.writeHead(403).end()
    const artifact = await get(key)
    if (!artifact) return void response.writeHead(404).end()
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': artifact.size,
      'x-content-type-options': 'nosniff',
      'cache-control': 'private',
    })
    await pipeline(artifact.content, response)
  }

  async function listen(): Promise<Server> {
    const server = createServer((request, response) => {
      // A fault in the middle leaves an answer shorter than it said: the reader sees that it broke.
      answer(request, response).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500)
        response.destroy(error instanceof Error ? error : undefined)
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    // Links alone keep no process alive.
    return server.unref()
  }

  return {
    async sign(key, expiresAt) {
      listening ??= listen()
      const { port } = (await listening).address() as AddressInfo
      const until = `${Math.ceil(expiresAt)}`
      const query = new URLSearchParams({ until, signature: signatureOf(key, until).toString('hex') })
      return `http://127.0.0.1:${port}/${key}?${query}`
    },
    async close() {
      const server = await listening
      if (!server?.listening) return
      server.close()
      server.closeAllConnections()
    },
  }
}
