import type { Cancellation } from '../operation.ts'

/** A request's time: it is cancelled when the client goes or the time is up. */
export interface Deadline extends Cancellation {
  abort(reason: 'client-gone' | 'closing'): void
  /** The request is answered; the deadline no longer matters. */
  clear(): void
}

/** Who has to answer in time. */
export interface Punctual {
  /** Called when the time is up and execution, told to stop, has not answered a moment later. */
  overdue(): void
}

export interface Deadlines {
  start(request: Punctual): Deadline
  close(): void
}

/**
 * The deadlines that have not come yet, in the order of their ends: linked, each to its neighbours. What has left a Map
 * or a Set stays reachable from the tables that it has outgrown until a full collection; a removed link is free at once.
 */
class DeadlineList {
  first: RequestDeadline | undefined
  #last: RequestDeadline | undefined

  append(deadline: RequestDeadline): void {
    deadline.previous = this.#last
    if (this.#last === undefined) this.first = deadline
    else this.#last.next = deadline
    this.#last = deadline
  }

  remove(deadline: RequestDeadline): void {
    const { previous, next } = deadline
    if (previous !== undefined) previous.next = next
    else if (this.first === deadline) this.first = next
    if (next !== undefined) next.previous = previous
    else if (this.#last === deadline) this.#last = previous
    deadline.previous = undefined
    deadline.next = undefined
  }
}

class RequestDeadline implements Deadline {
  cancelled = false
  previous: RequestDeadline | undefined
  next: RequestDeadline | undefined
  readonly expiresAt: number
  readonly #list: DeadlineList
  #request: Punctual | undefined
  #stops: (() => void)[] | undefined
  #controller: AbortController | undefined
  #reason: Error | undefined

  constructor(expiresAt: number, request: Punctual, list: DeadlineList) {
    this.expiresAt = expiresAt
    this.#request = request
    this.#list = list
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.cancelled) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  add(stop: () => void): void {
    if (this.#stops === undefined) this.#stops = [stop]
    else this.#stops.push(stop)
  }

  remove(stop: () => void): void {
    const at = this.#stops?.indexOf(stop) ?? -1
    if (at >= 0) this.#stops?.splice(at, 1)
  }

  cancel(reason: Error): void {
    if (this.cancelled) return
    this.cancelled = true
    this.#reason = reason
    const stops = this.#stops
    this.#stops = undefined
    this.#controller?.abort(reason)
    for (const stop of stops ?? []) stop()
  }

  abort(reason: 'client-gone' | 'closing'): void {
    this.clear()
    this.cancel(new Error(reason === 'closing' ? 'The gateway closes.' : 'The client has gone.'))
  }

  overdue(): void {
    this.#request?.overdue()
  }

  clear(): void {
    this.#list.remove(this)
    this.#request = undefined
  }
}

/**
 * Deadlines of equal length, watched by one timer: a timer for each request would cost more than the request's other
 * bookkeeping. A deadline fires at most `granularity` ms late, `overdue` is called as much later.
 * @param milliseconds from `start` until the cancellation
 */
export function createDeadlines(milliseconds: number, granularity = Math.min(100, milliseconds)): Deadlines {
  // Order of start is order of expiry, since all are equally long.
  const waiting = new DeadlineList()
  let passed: RequestDeadline[] = []
  const timer = setInterval(() => {
    const now = performance.now()
    const late = passed
    passed = []
    for (const deadline of late) deadline.overdue()
    for (let due = waiting.first; due !== undefined && due.expiresAt <= now; due = waiting.first) {
      waiting.remove(due)
      passed.push(due)
      due.cancel(new Error(`The deadline of ${milliseconds} ms has passed.`))
    }
  }, granularity)
  timer.unref()
  return {
    start(request) {
      const deadline = new RequestDeadline(performance.now() + milliseconds, request, waiting)
      waiting.append(deadline)
      return deadline
    },
    close: () => clearInterval(timer),
  }
}
