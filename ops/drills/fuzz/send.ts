import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { FuzzRequest } from './requests.ts'

/** What came back; without a status the connection ended without an answer. */
export interface Reply {
  readonly status: number | undefined
  readonly contentType: string
  /** Unpacked. */
  readonly body: string
  readonly bytes: number
  readonly milliseconds: number
}

/** Longer than the gateway takes for anything. */
const patienceMs = 60_000
/** Nothing that the gateway answers is as large. */
const mostBytes = 64 * 1024 * 1024

/** Sends requests as they are, however wrong. */
export function createSender(origin: string): {
  send(fuzz: FuzzRequest, token: string | undefined): Promise<Reply>
  close(): void
} {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  return {
    close: () => agent.destroy(),
    async send(fuzz, token) {
      const startedAt = performance.now()
      const answered = exchange(agent, origin, fuzz, token)
      const late = sleep(patienceMs, undefined, { ref: false })
      const answer = await Promise.race([answered, late])
      const { message, bytes } = answer ?? {}
      return {
        status: message?.statusCode,
        contentType: message?.headers['content-type'] ?? '',
        body: message && bytes ? unpacked(message, bytes) : '',
        bytes: bytes?.length ?? 0,
        milliseconds: performance.now() - startedAt,
      }
    },
  }
}

function exchange(
  agent: Agent,
  origin: string,
  { method, path, headers, body }: FuzzRequest,
  token: string | undefined,
): Promise<{ readonly message: IncomingMessage; readonly bytes: Buffer } | undefined> {
  const { hostname, port } = new URL(origin)
  const all = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers }
  return new Promise((resolve) => {
    const outgoing = request({ agent, hostname, port, method, path, headers: all }, (message) => {
      const chunks: Buffer[] = []
      let length = 0
      message.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length <= mostBytes) chunks.push(chunk)
      })
      message.on('end', () => resolve({ message, bytes: Buffer.concat(chunks) }))
      message.on('error', () => resolve(undefined))
    })
    outgoing.on('error', () => resolve(undefined))
    outgoing.end(body)
  })
}

function unpacked({ headers }: IncomingMessage, bytes: Buffer): string {
  if (bytes.length === 0) return ''
  if (headers['content-encoding'] === 'br') return brotliDecompressSync(bytes).toString()
  if (headers['content-encoding'] === 'gzip') return gunzipSync(bytes).toString()
  return bytes.toString()
}
