import type { IncomingMessage } from 'node:http'
import { codedError } from './errors.ts'

/**
 * Reads a request's body as text.
 * @throws GraphQLError PAYLOAD_TOO_LARGE beyond `limit` bytes, BAD_REQUEST when it breaks off
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit)
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > limit) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw codedError('BAD_REQUEST', 'The request broke off.', {
      cause: error instanceof Error ? error.name : '',
    })
  }
  if (size > limit) throw tooLarge(limit)
  return Buffer.concat(chunks).toString('utf8')
}

function tooLarge(limit: number) {
  return codedError('PAYLOAD_TOO_LARGE', `A request has at most ${limit} bytes.`)
}
