import { readEvent } from '@movieverse/schema/events/contract'
import { context } from '@opentelemetry/api'
import { withDeadline } from '../deadline.ts'
import { reasonOf } from '../errors.ts'
import { backOff } from '../latch.ts'
import type { Log } from '../log.ts'
import { isOutage } from '../outage.ts'
import { noteRoom } from '../room.ts'
import { contextOf, continueTrace } from '../trace-context.ts'
import { type BusEvent, DeadLetterError, type EventConsumer } from './bus.ts'
import { busDelay, busEvents, busFailures } from './metrics.ts'

/** What came of one attempt at an event. */
export type AttemptOutcome =
  | { readonly kind: 'done' }
  /** Once more after so many milliseconds. */
  | { readonly kind: 'retry'; readonly afterMs: number }
  | { readonly kind: 'dead'; readonly cause: string; readonly attempts: number }

/** Attempts at one event so far. */
export interface Delivery {
  readonly event: BusEvent
  /** Why the event cannot be handled at all: it goes aside without an attempt. */
  readonly fault?: string
  attempts: number
  outages: number
}

export interface AttemptSettings {
  readonly consumer: EventConsumer
  readonly log: Log
  /** Milliseconds after which an attempt has failed. */
  readonly timeoutMs: number
}

const defaultAttempts = 5
const firstBackOffMs = 100
const longestBackOffMs = 10_000

/**
 * Hands an event to the consumer once, inside the trace that it came with, and decides what its failure means. An event
 * that breaks its contract is handed to nobody and set aside; what becomes of one whose type is unknown, its topic's
 * contract says.
 */
export async function attempt(delivery: Delivery, settings: AttemptSettings): Promise<AttemptOutcome> {
  const { consumer, log, timeoutMs } = settings
  const { event } = delivery
  const { group } = consumer
  const message = {
    span: `consume ${event.topic}`,
    traceparent: event.traceparent,
    attributes: {
      'messaging.destination.name': event.topic,
      'messaging.consumer.group.name': group,
      'messaging.message.id': event.id,
      'event.type': event.type,
    },
  }
  try {
    const reading = delivery.fault === undefined ? readEvent(event.topic, event.data) : undefined
    if (reading?.kind === 'ignored') {
      busEvents.inc({ group, outcome: 'ignored' })
      log.debug({ group, eventId: event.id, type: event.type }, 'an event of an unknown type is ignored')
      return { kind: 'done' }
    }
    await continueTrace(message, async () => {
      const fault = reading?.kind === 'broken' ? reading.cause : delivery.fault
      if (fault !== undefined) throw new DeadLetterError(fault)
      await withDeadline(timeoutMs, (signal) => consumer.handle(event, signal))
    })
    busEvents.inc({ group, outcome: 'done' })
    busDelay.observe({ group }, Math.max(0, (Date.now() - event.time.getTime()) / 1000))
    return { kind: 'done' }
  } catch (error) {
    busFailures.inc({ group })
    // In the event's trace, so that the line says which one it is.
    return context.with(contextOf(event.traceparent), () => failed(delivery, settings, error))
  }
}

function failed(delivery: Delivery, { consumer, log }: AttemptSettings, error: unknown): AttemptOutcome {
  const { event } = delivery
  const { group, attempts = defaultAttempts } = consumer
  const about = { group, topic: event.topic, eventId: event.id, type: event.type, err: error }
  noteRoom(error)
  if (isOutage(error)) {
    delivery.outages += 1
    log.warn({ ...about, outages: delivery.outages }, 'an event waits for a dependency that is down')
    return { kind: 'retry', afterMs: backOff(delivery.outages, firstBackOffMs, longestBackOffMs) }
  }
  delivery.attempts += 1
  delivery.outages = 0
  if (error instanceof DeadLetterError || delivery.attempts >= attempts) {
    log.error({ ...about, attempts: delivery.attempts }, 'an event is set aside')
    return { kind: 'dead', cause: reasonOf(error), attempts: delivery.attempts }
  }
  log.warn({ ...about, attempts: delivery.attempts }, 'an event failed and will be tried again')
  return { kind: 'retry', afterMs: backOff(delivery.attempts, firstBackOffMs, longestBackOffMs) }
}
