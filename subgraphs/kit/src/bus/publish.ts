import { checkPublished } from '@movieverse/schema/events/contract'
import { createBatches } from '../batches.ts'
import { sendInTraces } from '../trace-context.ts'
import type { BusEvent, EventBus } from './bus.ts'

/** Events of one write. */
const batchLimit = 1000

/**
 * The publishing end of every engine: events are checked against their topic's contract, get a producer span each that
 * continues the trace they came with, and are written in batches (`createBatches`).
 * @param write resolved when all of them are durable
 */
export function createPublisher(write: (events: readonly BusEvent[]) => Promise<void>): EventBus['publish'] {
  const inBatches = createBatches({ write, limit: batchLimit })
  return async (events) => {
    for (const { topic, id, data } of events) checkPublished(topic, { id, data })
    await sendInTraces(events, {
      name: ({ topic }) => `publish ${topic}`,
      attributes: ({ topic, id, type }) => ({
        'messaging.destination.name': topic,
        'messaging.message.id': id,
        'event.type': type,
      }),
      send: inBatches,
    })
  }
}
