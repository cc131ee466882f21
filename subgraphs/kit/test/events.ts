import { randomUUID, randomUUIDv7 } from 'node:crypto'
import type { BusEvent } from '../src/bus/bus.ts'

/** A topic or group that no other test uses. */
export const fresh = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`

export function newEvent(topic: string, key: string, data: Record<string, unknown> = {}): BusEvent {
  return {
    id: randomUUIDv7(),
    source: 'tests',
    topic,
    key,
    type: 'thing_happened',
    time: new Date(),
    origin: 'user',
    data: { type: 'thing_happened', ...data },
  }
}

/** `count` numbered events on each of `keys` keys, the keys interleaved. */
export function numberedEvents(topic: string, keys: number, count: number): BusEvent[] {
  return Array.from({ length: keys * count }, (_, index) =>
    newEvent(topic, `key-${index % keys}`, { number: Math.floor(index / keys) }),
  )
}

/** The numbers of the events by key, in the order in which they came. */
export function numbersByKey(events: readonly BusEvent[]): Record<string, number[]> {
  const byKey: Record<string, number[]> = {}
  for (const event of events) {
    byKey[event.key] ??= []
    byKey[event.key]?.push(Number(event.data.number))
  }
  return byKey
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number)
