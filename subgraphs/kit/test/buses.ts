import { onTestFinished, vi } from 'vitest'
import type { BusEvent, EventBus, EventConsumer } from '../src/bus/bus.ts'
import { createTestDatabase, type TestDatabase } from '../src/testing/database.ts'
import type { BusEngine } from './engines.ts'
import { kafkaPlaces } from './kafka.ts'

/** Every engine of the event bus that is there, and how to get a place of one's own in it. */
export const buses: readonly {
  readonly name: BusEngine
  readonly place: () => TestDatabase | Promise<TestDatabase>
}[] = [
  { name: 'postgres', place: () => createTestDatabase('kit') },
  ...kafkaPlaces.map((place) => ({ name: 'kafka' as const, place })),
]

/** Waits for what brokers and groups need their time for. */
export const eventually = <T>(check: () => T | Promise<T>, timeout = 25_000): Promise<T> =>
  vi.waitFor(check, { timeout, interval: 20 })

/** Subscribes for the length of the test; answers what was handled. */
export async function listenOn(
  bus: EventBus,
  consumer: Omit<EventConsumer, 'handle'> & Partial<EventConsumer>,
): Promise<BusEvent[]> {
  const seen: BusEvent[] = []
  const subscription = await bus.subscribe({
    ...consumer,
    async handle(event, signal) {
      await consumer.handle?.(event, signal)
      seen.push(event)
    },
  })
  onTestFinished(() => subscription.close())
  return seen
}
