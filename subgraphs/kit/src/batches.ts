import { isOutage } from './outage.ts'

export interface BatchSettings<Item> {
  /** Takes all of them or none. */
  write(items: readonly Item[]): Promise<void>
  /** Items of one write, unless a single caller brings more. */
  readonly limit: number
}

interface Call<Item> {
  readonly items: readonly Item[]
  resolve(): void
  reject(reason: unknown): void
}

/**
 * Writes one batch at a time: what callers bring while one is under way goes together in the next, in the order in which it
 * came, so that one commit serves many callers. When a batch is refused for another reason than an outage, each call is
 * written alone: one caller's items that cannot be taken do not fail the others'.
 */
export function createBatches<Item>(
  settings: BatchSettings<Item>,
): (items: readonly Item[]) => Promise<void> {
  const { write, limit } = settings
  let calls: Call<Item>[] = []
  let writing = false

  async function settle(batch: readonly Call<Item>[]): Promise<void> {
    try {
      await write(batch.flatMap(({ items }) => items))
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
      do size += calls[taken++]?.items.length ?? 0
      while (taken < calls.length && size < limit)
      const batch = calls.slice(0, taken)
      calls = calls.slice(taken)
      await settle(batch)
    }
    writing = false
  }

  return (items) =>
    items.length === 0
      ? Promise.resolve()
      : new Promise((resolve, reject) => {
          calls.push({ items, resolve, reject })
          if (!writing) void writeAll()
        })
}
