import { priorities } from './topology.ts'

/** What the broker has handed out and what has not begun, by priority. */
export interface Lanes<Message> {
  add(priority: number, message: Message): void
  /** A message of this priority was acknowledged. */
  settled(priority: number): void
  /** The message to begin with, or milliseconds after which to ask again; undefined when none waits. */
  next(): { readonly priority: number; readonly message: Message } | { readonly afterMs: number } | undefined
  /** Takes out all that have not begun. */
  clear(): readonly Message[]
}

interface Lane<Message> {
  readonly priority: number
  readonly waiting: { readonly message: Message; readonly since: number }[]
  /** Handed out and not acknowledged. */
  out: number
  /** Until then its next message may be under way. */
  expectedUntil: number
}

/** Milliseconds that a lower priority waits for the next of a higher one, which is on its way from the broker. */
const refillMs = 50
/** What has waited here for so long goes first: the broker takes back what is held for half an hour. */
const patienceMs = 5 * 60_000

/** @param prefetch how many messages of each priority the broker hands out at once */
export function createLanes<Message>(prefetch: number): Lanes<Message> {
  const lanes = priorities.map(
    (priority): Lane<Message> => ({ priority, waiting: [], out: 0, expectedUntil: 0 }),
  )
  const laneOf = (priority: number): Lane<Message> => {
    const lane = lanes.find((one) => one.priority === priority)
    if (!lane) throw new RangeError(`There is no priority ${priority}`)
    return lane
  }
  function take(lane: Lane<Message>): { priority: number; message: Message } | undefined {
    const first = lane.waiting.shift()
    return first && { priority: lane.priority, message: first.message }
  }

  return {
    add(priority, message) {
      const lane = laneOf(priority)
      lane.out += 1
      lane.expectedUntil = 0
      lane.waiting.push({ message, since: performance.now() })
    },
    settled(priority) {
      const lane = laneOf(priority)
      // A lane that was full had more behind it, as far as can be known here.
      if (lane.out === prefetch) lane.expectedUntil = performance.now() + refillMs
      lane.out -= 1
    },
    next() {
      const now = performance.now()
      const starving = lanes.findLast(({ waiting }) => waiting[0] && now - waiting[0].since > patienceMs)
      if (starving) return take(starving)
      let afterMs = 0
      for (const lane of lanes) {
        if (lane.waiting.length > 0) return afterMs > 0 ? { afterMs } : take(lane)
        afterMs = Math.max(afterMs, lane.expectedUntil - now)
      }
      return undefined
    },
    clear: () => lanes.flatMap(({ waiting }) => waiting.splice(0).map(({ message }) => message)),
  }
}
