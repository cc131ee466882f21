import { isOutage } from '../outage.ts'
import type { BusEvent } from './bus.ts'

/** Events of one write, unless a single caller brings more. */
const batchLimit = 1000

interface Call {
  readonly events: readonly BusEvent[]
  resolve(): void
  reject(reason: unknown): void
}

/**
 * Writes one batch at a time: what callers bring while one is under way goes together in the next, in the order in which it
 * came, so that one acknowledgement serves many callers. When a batch is refused for another reason than an outage, each
 * call is written alone: one caller's events that cannot be stored do not fail the others'.
 */
export function createBatches(
  write: (events: readonly BusEvent[]) => Promise<void>,
): (events: readonly BusEvent[]) => Promise<void> {
  let calls: Call[] = []
  let writing = false

  async function settle(batch: readonly Call[]): Promise<void> {
    try {
      await write(batch.flatMap(({ events }) => events))
      for (const call of batch) call.resolve()
    } catch (error) {
      if (batch.length === 1 || isOutage(error)) {
        for (const call of batch) call.reject(error)
        return
      }
      for (const call of batch) await settle([call])
    }
  }

  async function writeAll(): Promise<void> {
    writing = true
    while (calls.length > 0) {
      let taken = 0
      let size = 0
      do size += calls[taken++]?.events.length ?? 0
      while (taken < calls.length && size < batchLimit)
      const batch = calls.slice(0, taken)
      calls = calls.slice(taken)
      await settle(batch)
    }
    writing = false
  }

  return (events) =>
    events.length === 0
      ? Promise.resolve()
      : new Promise((resolve, reject) => {
          calls.push({ events, resolve, reject })
          if (!writing) void writeAll()
        })
}
