/** A request's time: its signal is aborted when the client goes or the time is up. */
export interface Deadline {
  readonly signal: AbortSignal
  abort(reason: 'client-gone' | 'closing'): void
  /** The request is answered; the deadline no longer matters. */
  clear(): void
}

export interface Deadlines {
  /** @param onOverdue called when the time is up and execution, told to stop, has not answered a moment later */
  start(onOverdue: () => void): Deadline
  close(): void
}

/** Emptied when its request is answered: tables that V8 has outgrown keep what they held until a full collection. */
interface Entry {
  readonly expiresAt: number
  controller: AbortController | undefined
  onOverdue: (() => void) | undefined
}

/**
 * Deadlines of equal length, watched by one timer: a timer for each request would cost more than the request's other
 * bookkeeping. A deadline fires at most `granularity` ms late, `onOverdue` as much later.
 * @param milliseconds from `start` until the signal aborts
 */
export function createDeadlines(milliseconds: number, granularity = Math.min(100, milliseconds)): Deadlines {
  // Insertion order is order of expiry, since all are equally long.
  const waiting = new Set<Entry>()
  let overdue = new Set<Entry>()
  const timer = setInterval(() => {
    const now = performance.now()
    const late = overdue
    overdue = new Set()
    for (const { onOverdue } of late) onOverdue?.()
    for (const entry of waiting) {
      if (entry.expiresAt > now) return
      waiting.delete(entry)
      overdue.add(entry)
      entry.controller?.abort(new Error(`The deadline of ${milliseconds} ms has passed.`))
    }
  }, granularity)
  timer.unref()
  return {
    start(onOverdue) {
      const controller = new AbortController()
      const entry: Entry = { expiresAt: performance.now() + milliseconds, controller, onOverdue }
      const forget = () => {
        waiting.delete(entry)
        overdue.delete(entry)
        entry.controller = undefined
        entry.onOverdue = undefined
      }
      waiting.add(entry)
      return {
        signal: controller.signal,
        abort(reason) {
          forget()
          controller.abort(new Error(reason === 'closing' ? 'The gateway closes.' : 'The client has gone.'))
        },
        clear: forget,
      }
    },
    close: () => clearInterval(timer),
  }
}
