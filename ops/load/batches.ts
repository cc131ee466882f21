import type { Line } from './records.ts'
import type { BrokenLine, PartState } from './state.ts'

/** Broken lines that are reported with their place; the rest is only counted. */
const reported = 20

/** Rows of one batch, and how far its part of the load is when they are done. */
export interface Batch<T> {
  readonly values: readonly T[]
  readonly after: PartState
}

/**
 * Groups a source's lines into batches of sound ones. `before` says how many lines are done already; they are passed
 * over. `refuse` finds faults that only the load can see.
 */
export async function* inBatches<T>(
  lines: AsyncIterable<Line<T>>,
  before: PartState,
  {
    size = 1000,
    refuse,
  }: { readonly size?: number; readonly refuse?: (value: T) => string | undefined } = {},
): AsyncGenerator<Batch<T>> {
  let state = before
  let values: T[] = []
  let seen = 0
  for await (const line of lines) {
    seen += 1
    if (seen <= before.lines) continue
    const fault = 'fault' in line ? line.fault : refuse?.(line.value)
    if (fault !== undefined || 'fault' in line)
      state = withBroken(state, { file: line.file, number: line.number, fault: fault ?? '' })
    else values.push(line.value)
    if (values.length === size) {
      state = { ...state, lines: seen, done: state.done + values.length }
      yield { values, after: state }
      values = []
    }
  }
  yield { values, after: { ...state, lines: seen, done: state.done + values.length } }
}

function withBroken(state: PartState, line: BrokenLine): PartState {
  return {
    ...state,
    broken: state.broken + 1,
    first: state.first.length < reported ? [...state.first, line] : state.first,
  }
}

/** Reads the next batch while the present one is being written. */
export async function* ahead<T>(batches: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = batches[Symbol.asyncIterator]()
  let next = iterator.next()
  try {
    for (;;) {
      const { value, done } = await next
      if (done) return
      next = iterator.next()
      // Met when its turn comes; until then it must not count as unhandled.
      next.catch(() => undefined)
      yield value
    }
  } finally {
    await iterator.return?.()
  }
}
