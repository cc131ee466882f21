import { backOff } from '../latch.ts'
import { type AttemptSettings, attempt, type Delivery } from './attempt.ts'
import type { BusEvent, DeadLetter } from './bus.ts'
import { busEvents } from './metrics.ts'

/** Where an engine keeps the events that a group could not handle. */
export interface LetterBox {
  /** Sets an event aside, or back aside when its replay failed. */
  put(letter: Omit<DeadLetter, 'failedAt'>): Promise<void>
  /** A replay that worked. */
  remove(group: string, event: BusEvent): Promise<void>
}

/** Brings events to their end, attempt by attempt. */
export interface Deliveries {
  /** @returns milliseconds to the next attempt; undefined when the event is done, ignored or set aside */
  deliver(delivery: Delivery): Promise<number | undefined>
  /** The same for an event that was set aside. */
  replay(delivery: Delivery): Promise<number | undefined>
}

/** Milliseconds after which a write to the letter box is tried again. */
const boxAgainMs = 1000

export function createDeliveries(settings: AttemptSettings & { readonly letters: LetterBox }): Deliveries {
  const { consumer, log, letters } = settings
  const { group } = consumer

  async function settle(delivery: Delivery, replayed: boolean): Promise<number | undefined> {
    const { event } = delivery
    const outcome = await attempt(delivery, settings)
    if (outcome.kind === 'retry') return outcome.afterMs
    if (outcome.kind === 'done' && !replayed) return undefined
    try {
      if (outcome.kind === 'done') await letters.remove(group, event)
      else await letters.put({ group, event, cause: outcome.cause, attempts: outcome.attempts })
    } catch (error) {
      log.warn({ group, eventId: event.id, err: error }, 'what came of an event could not be written')
      // Neither done nor set aside: it holds its place, and its last attempt is made again.
      if (outcome.kind === 'dead') delivery.attempts -= 1
      return backOff(1, boxAgainMs, boxAgainMs)
    }
    if (outcome.kind === 'dead') busEvents.inc({ group, outcome: 'dead' })
    return undefined
  }

  return {
    deliver: (delivery) => settle(delivery, false),
    replay: (delivery) => settle(delivery, true),
  }
}
