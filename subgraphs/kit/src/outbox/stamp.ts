import { randomUUIDv7 } from 'node:crypto'
import { checkEvent, eventContracts, type Topic } from '@movieverse/schema/events/contract'
import type { BusEvent } from '../bus/bus.ts'
import { activeTraceparent } from '../trace-context.ts'
import type { OutgoingEvent } from './outbox.ts'

/**
 * Checks events against their contracts and gives each its id, its time and the trace of the call.
 * @param source the service
 * @throws ZodError when an event breaks its contract; Error for a topic without contracts
 */
export function stampEvents(source: string, events: readonly OutgoingEvent[]): readonly BusEvent[] {
  const time = new Date()
  const traceparent = activeTraceparent()
  return events.map(({ topic, key, data, origin }) => {
    const checked = checkEvent(knownTopic(topic), data)
    return {
      id: randomUUIDv7(),
      source,
      topic,
      key: String(key),
      type: checked.type,
      time,
      origin: origin ?? 'user',
      ...(traceparent ? { traceparent } : {}),
      data: checked,
    }
  })
}

function knownTopic(topic: string): Topic {
  if (!Object.hasOwn(eventContracts, topic)) throw new Error(`There is no event contract for topic ${topic}`)
  return topic as Topic
}
