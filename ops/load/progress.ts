import cliProgress from 'cli-progress'

/** What a load has done so far. */
export interface Counts {
  readonly bytes: number
  readonly totalBytes: number
  readonly films: number
  readonly members: number
  readonly ratings: number
}

/** Shows people how far a load is. */
export interface Progress {
  start(title: string): void
  update(counts: Counts): void
  /** Takes the bar away; what is printed next stands alone. */
  stop(): void
}

export const silentProgress: Progress = { start() {}, update() {}, stop() {} }

const number = (value: number) => value.toLocaleString('en')
const words = ({ films, members, ratings }: Counts) =>
  `${number(films)} films, ${number(members)} members, ${number(ratings)} ratings`
/** Milliseconds between two plain lines at the least. */
const pause = 1000

/** A bar on a terminal; elsewhere plain lines, at most one a second. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? barProgress(stream) : lineProgress(stream)
}

function barProgress(stream: NodeJS.WriteStream): Progress {
  const bar = new cliProgress.SingleBar({
    stream,
    format: '{title} [{bar}] {percentage} % | {words} | {duration_formatted}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    fps: 5,
  })
  return {
    start: (title) => bar.start(1, 0, { title, words: '' }),
    update(counts) {
      bar.setTotal(Math.max(counts.totalBytes, 1))
      bar.update(counts.bytes, { words: words(counts) })
    },
    stop: () => bar.stop(),
  }
}

function lineProgress(stream: NodeJS.WritableStream): Progress {
  let title = ''
  let lastAt = Number.NEGATIVE_INFINITY
  return {
    start(name) {
      title = name
      stream.write(`${title} …\n`)
      lastAt = performance.now()
    },
    update(counts) {
      if (performance.now() - lastAt < pause) return
      lastAt = performance.now()
      const share = Math.floor((100 * counts.bytes) / Math.max(counts.totalBytes, 1))
      stream.write(`${title}: ${words(counts)} (${share} %)\n`)
    },
    stop() {},
  }
}
