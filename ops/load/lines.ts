import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip } from 'node:zlib'

/** Longer lines are cut off here: a file without line ends must not fill the memory. */
const longestLine = 1_000_000

/** Counts a file's bytes as they are read, packed ones as they lie in the file. */
export interface Meter {
  bytes: number
}

export interface TextLine {
  readonly number: number
  readonly text: string
  /** True when the line was longer than a million characters; `text` is its beginning. */
  readonly cut: boolean
}

/**
 * A text file's lines, one chunk of the file in memory at a time. `.gz` and `.br` are unpacked on the way. Empty lines
 * are counted and left out, a byte order mark is dropped.
 * @throws the file system's or zlib's error, naming the file
 */
export async function* readLines(
  path: string,
  { encoding = 'utf8', meter }: { encoding?: 'utf8' | 'latin1'; meter?: Meter } = {},
): AsyncGenerator<TextLine> {
  let number = 0
  let rest = ''
  let cut = false
  const line = (text: string): TextLine => {
    number++
    const whole = { number, text: text.endsWith('\r') ? text.slice(0, -1) : text, cut }
    cut = false
    return whole
  }
  for await (const chunk of openText(path, encoding, meter)) {
    const parts = (rest + chunk).split('\n')
    if (number === 0 && parts[0]?.startsWith('\ufeff')) parts[0] = parts[0].slice(1)
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const read = line(part)
      if (read.text !== '') yield read
    }
    if (rest.length > longestLine) {
      rest = rest.slice(0, longestLine)
      cut = true
    }
  }
  if (rest !== '') yield line(rest)
}

async function* openText(path: string, encoding: 'utf8' | 'latin1', meter?: Meter): AsyncGenerator<string> {
  const file = createReadStream(path, { highWaterMark: 1 << 16 })
  const unpack = path.endsWith('.gz')
    ? createGunzip()
    : path.endsWith('.br')
      ? createBrotliDecompress()
      : undefined
  let text: Readable = file
  if (unpack) {
    file.on('error', (fault) => unpack.destroy(fault))
    text = file.pipe(unpack)
  }
  text.setEncoding(encoding)
  try {
    let read = 0
    for await (const chunk of text) {
      if (meter) {
        meter.bytes += file.bytesRead - read
        read = file.bytesRead
      }
      yield String(chunk)
    }
  } catch (fault) {
    throw new Error(`${path} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`, {
      cause: fault,
    })
  } finally {
    file.destroy()
  }
}
