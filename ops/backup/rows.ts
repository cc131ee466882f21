import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'

/** Rows of a table as text, a line each and in the order of their key, in pieces of any size. */
export type Rows = AsyncIterable<Buffer>

/** How many rows there were, and the SHA-256 of their text. */
export interface Measured {
  readonly rows: number
  readonly sha256: string
}

const newline = 10

/** Lets rows through and measures them on their way. */
export function measuring(rows: Rows): { readonly rows: Rows; measured(): Measured } {
  const hash = createHash('sha256')
  let count = 0
  async function* through(): Rows {
    for await (const piece of rows) {
      hash.update(piece)
      for (let at = piece.indexOf(newline); at >= 0; at = piece.indexOf(newline, at + 1)) count += 1
      yield piece
    }
  }
  return { rows: through(), measured: () => ({ rows: count, sha256: hash.digest('hex') }) }
}

export async function measure(rows: Rows): Promise<Measured> {
  const measured = measuring(rows)
  for await (const _ of measured.rows);
  return measured.measured()
}

/** On the disk when it resolves. */
export async function writeRows(file: string, rows: Rows): Promise<Measured> {
  const measured = measuring(rows)
  const target = createWriteStream(file, { flags: 'wx', flush: true })
  await pipeline(Readable.from(measured.rows), createGzip({ level: 5 }), target)
  return measured.measured()
}

export function readRows(file: string): Rows {
  const unzipped = createGunzip()
  // An unreadable file ends the reader with its error.
  pipeline(createReadStream(file), unzipped).catch((error: Error) => unzipped.destroy(error))
  return unzipped
}

/** The rows one by one, without their newline. */
export async function* lines(rows: Rows): AsyncIterable<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of rows) {
    const all = rest.length > 0 ? Buffer.concat([rest, piece]) : piece
    let start = 0
    for (let end = all.indexOf(newline); end >= 0; end = all.indexOf(newline, start)) {
      yield all.toString('utf8', start, end)
      start = end + 1
    }
    rest = all.subarray(start)
  }
  if (rest.length > 0) yield rest.toString('utf8')
}

/** Things as lines of JSON, in pieces of some size. */
export async function* jsonLines(values: AsyncIterable<unknown>, write: (value: unknown) => string): Rows {
  let piece: string[] = []
  for await (const value of values) {
    if (piece.push(write(value)) < 500) continue
    yield Buffer.from(`${piece.join('\n')}\n`)
    piece = []
  }
  if (piece.length > 0) yield Buffer.from(`${piece.join('\n')}\n`)
}
