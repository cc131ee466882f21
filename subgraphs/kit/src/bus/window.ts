/** The place of one event in a window. */
export interface Mark<Offset> {
  readonly offset: Offset
  done: boolean
}

/**
 * The events of one partition that are taken and not yet committed. They may be done in any order; the offset moves only
 * to the last of those that are done without a gap, so that a crash delivers again whatever was not done.
 */
export interface Window<Offset> {
  add(offset: Offset): Mark<Offset>
  finish(mark: Mark<Offset>): void
  /** Taken and not yet passed by `progress`, done ones behind a gap included. */
  readonly size: number
  /** The offset up to which everything is done; undefined until there is one. */
  readonly progress: Offset | undefined
  /** No longer this member's: what is waiting is dropped, what is done no longer counts. */
  close(): void
  readonly closed: boolean
}

export function createWindow<Offset>(): Window<Offset> {
  let marks: Mark<Offset>[] = []
  let head = 0
  let progress: Offset | undefined
  let closed = false
  return {
    add(offset) {
      const mark = { offset, done: false }
      marks.push(mark)
      return mark
    },
    finish(mark) {
      mark.done = true
      if (closed) return
      for (let next = marks[head]; next?.done; next = marks[head]) {
        progress = next.offset
        head += 1
      }
      // Compacted now and then: shifting at every event would cost the window's length each time.
      if (head > 1024) {
        marks = marks.slice(head)
        head = 0
      }
    },
    get size() {
      return marks.length - head
    },
    get progress() {
      return progress
    },
    close() {
      closed = true
    },
    get closed() {
      return closed
    },
  }
}
