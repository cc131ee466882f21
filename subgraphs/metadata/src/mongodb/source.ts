import type { Log } from '@movieverse/kit/log'
import type { PendingEvent, RelaySource } from '@movieverse/kit/outbox/source'
import type { Collection } from 'mongodb'
import { type Changes, followChanges } from './changes.ts'
import type { Collections } from './collections.ts'
import type { WaitingDocument } from './documents.ts'
import { longAgo } from './held.ts'
import { createDocumentLeases } from './leases.ts'
import { type DocumentOutbox, source } from './outbox.ts'

/** An event that is still part of its document. */
interface PendingPart extends PendingEvent {
  readonly collection: Collection<WaitingDocument>
  readonly document: WaitingDocument['_id']
}

/** A batch of a bulk load takes less; one that has taken longer has lost its writer. */
const batchMs = 60_000

/**
 * Pending events in the documents that they tell of. They are found by a sweep over the collections; change streams (and
 * this process's own writes) say when a sweep is worth it. Published events are pulled out of their document one by one
 * by their id, so that what is written in the meantime stays.
 */
export function createDocumentSource(
  collections: Collections,
  { outbox, log }: { readonly outbox: DocumentOutbox; readonly log: Log },
): RelaySource<PendingPart> {
  const { batches, waiting } = collections
  let changes: Changes | undefined

  return {
    async read(slots, limit) {
      await batches.updateMany(
        { planned: { $exists: true }, ...longAgo('$startedAt', batchMs) },
        { $rename: { planned: 'pending' } },
      )
      const found = await Promise.all(waiting.map((collection) => waitingIn(collection, { slots, limit })))
      return found.flat().slice(0, limit)
    },

    async remove(pending) {
      for (const [collection, parts] of Map.groupBy(pending, (part) => part.collection)) {
        const documents = Map.groupBy(parts, ({ document }) => document)
        await collection.bulkWrite(
          [...documents].map(([_id, gone]) => ({
            updateOne: {
              filter: { _id },
              update: { $pull: { pending: { id: { $in: gone.map(({ event }) => event.id) } } } },
            },
          })),
          { ordered: false },
        )
        if (collection.collectionName === batches.collectionName)
          await batches.deleteMany({ pending: { $size: 0 } })
      }
    },

    async backlog() {
      const waits = await Promise.all(waiting.map(backlogOf))
      const oldest = Math.min(...waits.map(({ since }) => since))
      return {
        events: waits.reduce((sum, { events }) => sum + events, 0),
        oldestMs: Number.isFinite(oldest) ? Math.max(0, Date.now() - oldest) : 0,
      }
    },

    leases: (leaseMs) => createDocumentLeases(collections, leaseMs),

    onWake(listener) {
      const unsubscribe = outbox.onWake(listener)
      const following = followChanges(waiting, { listener, log })
      changes = following
      return async () => {
        unsubscribe()
        await following.close()
      }
    },

    get hearsOthers() {
      return changes?.followed ?? false
    },
  }
}

async function waitingIn(
  collection: Collection<WaitingDocument>,
  { slots, limit }: { readonly slots: readonly number[]; readonly limit: number },
): Promise<PendingPart[]> {
  const documents = await collection
    .find(
      { 'pending.slot': { $in: [...slots] } },
      { projection: { pending: 1 }, limit, batchSize: limit + 1 },
    )
    .toArray()
  return documents.flatMap(({ _id, pending = [] }) =>
    pending.map(({ slot: _, ...event }) => ({ collection, document: _id, event: { ...event, source } })),
  )
}

async function backlogOf(
  collection: Collection<WaitingDocument>,
): Promise<{ readonly events: number; readonly since: number }> {
  const [row] = await collection
    .aggregate<{ events: number; oldest: Date }>([
      { $match: { 'pending.slot': { $gte: 0 } } },
      { $unwind: '$pending' },
      { $group: { _id: null, events: { $sum: 1 }, oldest: { $min: '$pending.time' } } },
    ])
    .toArray()
  return { events: row?.events ?? 0, since: row?.oldest.getTime() ?? Number.POSITIVE_INFINITY }
}
