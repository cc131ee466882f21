import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline, type Readable, Transform } from 'node:stream'
import { type ArtifactContent, ArtifactDamaged, type ArtifactDigest } from './artifacts.ts'

/** Bytes read from a disk at once. */
const chunk = 1 << 20

/** The content as a stream, from its beginning. */
export function readingOf(content: { readonly file: string }): Readable {
  return createReadStream(content.file, { highWaterMark: chunk })
}

export async function digestOf(content: ArtifactContent): Promise<ArtifactDigest> {
  const hash = createHash('sha256')
  if (content instanceof Uint8Array) {
    return { size: content.length, sha256: hash.update(content).digest('hex') }
  }
  let size = 0
  for await (const bytes of readingOf(content) as AsyncIterable<Buffer>) {
    hash.update(bytes)
    size += bytes.length
  }
  return { size, sha256: hash.digest('hex') }
}

/** The stream, which fails with ArtifactDamaged at its end unless its bytes have this digest. */
export function verified(key: string, source: Readable, { size, sha256 }: ArtifactDigest): Readable {
  const hash = createHash('sha256')
  let read = 0
  const check = new Transform({
    readableHighWaterMark: chunk,
    transform(bytes: Buffer, _, done) {
      hash.update(bytes)
      read += bytes.length
      done(null, bytes)
    },
    flush(done) {
      if (read !== size) done(new ArtifactDamaged(key, `it has ${read} bytes instead of ${size}`))
      else done(hash.digest('hex') === sha256 ? null : new ArtifactDamaged(key, 'its checksum differs'))
    },
  })
  // A failure of the source reaches the reader as the stream's own; a reader that stops closes the source.
  return pipeline(source, check, () => undefined)
}
