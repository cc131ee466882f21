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

interface Entry {
  readonly expiresAt: number
  readonly onOverdue: () => void
}

/**
 * Deadlines of equal length, watched by one timer: a timer for each request would cost more than the request's other
 * bookkeeping. A deadline fires at most `granularity` ms late, `onOverdue` as much later.
 * @param milliseconds from `start` until the signal aborts
 */
export function createDeadlines(milliseconds: number, granularity = Math.min(100, milliseconds)): Deadlines {
  // Insertion order is order of expiry, since all are equally long.
  const waiting = new Map<AbortController, Entry>()
  let overdue = new Map<AbortController, Entry>()
  const timer = setInterval(() => {
    const now = performance.now()
    const late = overdue
    overdue = new Map()
    for (const { onOverdue } of late.values()) onOverdue()
    for (const [controller, entry] of waiting) {
      if (entry.expiresAt > now) return
      waiting.delete(controller)
      overdue.set(controller, entry)
      controller.abort(new Error(`The deadline of ${milliseconds} ms has passed.`))
    }
  }, granularity)
  timer.unref()
  return {
    start(onOverdue) {
      const controller = new AbortController()
      const forget = () => {
        waiting.delete(controller)
        overdue.delete(controller)
      }
      waiting.set(controller, { expiresAt: performance.now() + milliseconds, onOverdue })
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
