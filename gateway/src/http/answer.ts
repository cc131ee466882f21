import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { acceptedEncoding, type Encoding } from './negotiation.ts'

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

/**
 * Writes an answer in one piece with its length, packed off the event loop when that is wanted and worth it.
 * @returns nothing when it is written already
 */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): Promise<void> | undefined {
  if (response.destroyed || response.writableEnded) return undefined
  const { body } = answer
  const encoding =
    body.length < compressFromBytes ? null : acceptedEncoding(request.headers['accept-encoding'])
  if (encoding === null) {
    // Bytes rather than a string: its length would be counted twice, and its head copied into it.
    write(response, answer, Buffer.from(body), null)
    return undefined
  }
  const packed = encoding === 'br' ? brotli(body, brotliOptions) : deflate(body, { level: 3 })
  return packed.then((bytes) => {
    if (!response.destroyed) write(response, answer, bytes, encoding)
  })
}

function write(
  response: ServerResponse,
  { status, contentType, headers }: Answer,
  bytes: Buffer,
  encoding: Encoding | null,
): void {
  const all = [...apiHeaders, ...headers, 'content-type', contentType]
  if (encoding !== null) all.push('content-encoding', encoding)
  all.push('content-length', String(bytes.length))
  response.writeHead(status, all)
  response.end(bytes)
}
