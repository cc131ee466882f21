import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { acceptedEncoding } from './negotiation.ts'

/** Headers of every answer: nothing of it may be framed, sniffed, or run as a page. */
export const apiHeaders: readonly string[] = [
  'x-content-type-options',
  'nosniff',
  'x-frame-options',
  'DENY',
  'referrer-policy',
  'no-referrer',
  'content-security-policy',
  "default-src 'none'; frame-ancestors 'none'",
  'cache-control',
  'no-store',
  'vary',
  'accept, accept-encoding',
]

/** Smaller answers fit into one or two packets as they are. */
const compressFromBytes = 2_048

const deflate = promisify(gzip)
const brotli = promisify(brotliCompress)
const brotliOptions = {
  params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT },
}

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  /** Further name and value pairs. */
  readonly headers: readonly string[]
}

/** Writes an answer in one piece with its length, packed off the event loop when that is wanted and worth it. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  const { status, contentType, body, headers } = answer
  if (response.destroyed || response.writableEnded) return
  const encoding =
    body.length < compressFromBytes ? null : acceptedEncoding(request.headers['accept-encoding'])
  const all = [...apiHeaders, ...headers, 'content-type', contentType]
  if (encoding === null) {
    all.push('content-length', String(Buffer.byteLength(body)))
    response.writeHead(status, all)
    response.end(body)
    return
  }
  const packed = await (encoding === 'br' ? brotli(body, brotliOptions) : deflate(body, { level: 3 }))
  if (response.destroyed) return
  all.push('content-encoding', encoding, 'content-length', String(packed.length))
  response.writeHead(status, all)
  response.end(packed)
}
