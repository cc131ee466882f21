import { randomUUID } from 'node:crypto'
import { keyHash } from '@movieverse/kit/bus/key-hash'
import { outboxSlots } from '@movieverse/kit/outbox/leases'
import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'
import { stampEvents } from '@movieverse/kit/outbox/stamp'
import { createWake, type Wake } from '@movieverse/kit/outbox/wake'
import type { Collections } from './collections.ts'
import type { PendingEntry } from './documents.ts'

export const source = 'metadata'

/** How writes tell of themselves: their events lie in the documents that they write, and leave with the relay. */
export interface DocumentOutbox extends Wake {
  /** @throws ZodError when an event breaks its contract */
  entries(events: readonly OutgoingEvent[]): PendingEntry[]
  /**
   * Writes a batch of documents and tells of it as a whole. What is planned to be told is noted before the first write, so
   * that also half a batch is told of (a minute later) when the process dies on the way; what was written in the end is
   * told instead when it has got there. So a reader hears of every document that was changed, and of some that were not.
   * @param write answers its result and what it tells
   */
  batch<T>(
    planned: readonly OutgoingEvent[],
    write: () => Promise<{ readonly result: T; readonly events: readonly OutgoingEvent[] }>,
  ): Promise<T>
}

export function createDocumentOutbox({ batches }: Collections): DocumentOutbox {
  const { wake, onWake } = createWake()
  const entries = (events: readonly OutgoingEvent[]) =>
    stampEvents(source, events).map(({ source: _, ...event }) => ({
      ...event,
      slot: keyHash(event.key) % outboxSlots,
    }))
  return {
    wake,
    onWake,
    entries,

    async batch(planned, write) {
      if (planned.length === 0) return (await write()).result
      const _id = randomUUID()
      await batches.updateOne(
        { _id },
        { $set: { planned: entries(planned) }, $currentDate: { startedAt: true } },
        { upsert: true },
      )
      const { result, events } = await write()
      if (events.length === 0) await batches.deleteOne({ _id })
      else
        await batches.updateOne(
          { _id },
          { $set: { pending: entries(events) }, $unset: { planned: '' }, $currentDate: { startedAt: true } },
          { upsert: true },
        )
      wake()
      return result
    },
  }
}
