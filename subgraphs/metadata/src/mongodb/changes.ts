import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '@movieverse/kit/errors'
import { backOff } from '@movieverse/kit/latch'
import type { Log } from '@movieverse/kit/log'
import type { Collection } from 'mongodb'
import type { WaitingDocument } from './documents.ts'

/** Milliseconds that the server may hold a question back until something changes. */
const waitMs = 1000
/** Milliseconds between questions to a server that answers at once instead. */
const restMs = 500

/** What tells that documents change, whoever writes them. */
export interface Changes {
  /** Whether every collection is followed at present. */
  readonly followed: boolean
  close(): Promise<void>
}

/**
 * Follows collections by change streams, which replica sets and sharded clusters have. One that breaks or cannot be had is
 * opened again with back-off; until then `followed` is false.
 */
export function followChanges(
  collections: readonly Collection<WaitingDocument>[],
  { listener, log }: { readonly listener: () => void; readonly log: Log },
): Changes {
  const followed = new Set<Collection<WaitingDocument>>()
  let stopping = false
  const stop = Promise.withResolvers<void>()
  const rest = (ms: number) => Promise.race([sleep(ms, undefined, { ref: false }), stop.promise])

  /** Until it breaks, or to the end. */
  async function listenTo(collection: Collection<WaitingDocument>): Promise<void> {
    const changes = [{ $match: { operationType: { $in: ['insert', 'update'] } } }]
    const stream = collection.watch(changes, { maxAwaitTimeMS: waitMs })
    try {
      while (!stopping) {
        const askedAt = performance.now()
        const change = await stream.tryNext()
        // What was written before the stream began is not in it.
        if (change || !followed.has(collection)) listener()
        followed.add(collection)
        if (!change && performance.now() - askedAt < restMs) await rest(restMs)
      }
    } finally {
      followed.delete(collection)
      await stream.close()
    }
  }

  async function follow(collection: Collection<WaitingDocument>): Promise<void> {
    let failures = 0
    while (!stopping) {
      const startedAt = performance.now()
      try {
        await listenTo(collection)
      } catch (error) {
        if (performance.now() - startedAt > 60_000) failures = 0
        failures += 1
        const place = { collection: collection.collectionName, reason: reasonOf(error) }
        if (failures === 1) log.warn(place, 'changes cannot be followed: documents are looked for instead')
        await rest(backOff(failures, 500, 30_000))
      }
    }
  }

  const following = collections.map(follow)
  return {
    get followed() {
      return followed.size === collections.length
    },
    async close() {
      stopping = true
      stop.resolve()
      await Promise.all(following)
    },
  }
}
