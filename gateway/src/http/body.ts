import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { RequestFault } from './faults.ts'

const inflate = promisify(gunzip)
const nothing = Buffer.alloc(0)

const tooLarge = (limit: number, found: string) =>
  new RequestFault('PAYLOAD_TOO_LARGE', `The body has ${found}; at most ${limit} bytes are taken.`, {
    extensions: { limit },
    // The rest of the body is not read: the connection cannot be used again.
    headers: { connection: 'close' },
  })

function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // `on` rather than `once`: the promise settles once anyway, and each wrapper is paid for by every request. A request
    // that breaks off closes without an error, unless somebody listens for one.
    let first: Buffer | undefined
    let rest: Buffer[] | undefined
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) {
        first = undefined
        rest = undefined
        request.removeAllListeners('data')
        request.resume()
        reject(tooLarge(limit, `more than ${limit} bytes`))
      } else if (first === undefined) first = chunk
      else if (rest === undefined) rest = [first, chunk]
      else rest.push(chunk)
    })
    request.on('end', () => resolve(rest ? Buffer.concat(rest, size) : (first ?? nothing)))
    request.on('close', () => {
      if (!request.complete) reject(new RequestFault('BAD_REQUEST', 'The body ended before its end.'))
    })
  })
}

async function unpacked(bytes: Buffer, encoding: string, limit: number): Promise<Buffer> {
  if (encoding !== 'gzip' && encoding !== 'x-gzip')
    throw new RequestFault('UNSUPPORTED_MEDIA_TYPE', `Bodies in "${encoding}" are not taken; gzip is.`, {
      headers: { 'accept-encoding': 'gzip' },
    })
  try {
    return await inflate(bytes, { maxOutputLength: limit })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit, `more than ${limit} bytes when unpacked`)
    throw new RequestFault('BAD_REQUEST', 'The body is not gzip, though its content-encoding says so.')
  }
}

/**
 * Reads a body as text, never keeping more than `limit` bytes of it, packed or unpacked.
 * @param limit bytes
 * @throws RequestFault PAYLOAD_TOO_LARGE (413), UNSUPPORTED_MEDIA_TYPE (415), BAD_REQUEST (400: cut off, not UTF-8)
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const { 'content-length': length, 'content-encoding': encoding } = request.headers
  if (length !== undefined && Number(length) > limit) {
    request.resume()
    throw tooLarge(limit, `${length} bytes`)
  }
  const body = await collect(request, limit)
  const coding = encoding?.trim().toLowerCase() ?? 'identity'
  const bytes = coding === 'identity' ? body : await unpacked(body, coding, limit)
  if (!isUtf8(bytes)) throw new RequestFault('BAD_REQUEST', 'The body is not UTF-8.')
  return bytes.toString('utf8')
}
