import type { EventOrigin } from '@movieverse/schema/events/contract'

/** A domain event as it lies on the bus: the domain's JSON and its CloudEvents 1.0 attributes. */
export interface BusEvent {
  /** CloudEvents id, a UUID; the key of the consumers' inboxes. */
  readonly id: string
  /** CloudEvents source: the publishing service. */
  readonly source: string
  readonly topic: string
  /** Aggregate id. Events of one topic and key are delivered in the order in which they were published. */
  readonly key: string
  readonly type: string
  readonly time: Date
  readonly origin: EventOrigin
  /** W3C trace context of the request that caused the event. */
  readonly traceparent?: string
  /** The domain JSON, `type` included: {"type":"review_created","review_id":123,…}. */
  readonly data: Readonly<Record<string, unknown>>
}

/** Thrown by a handler: set the event aside now, retrying cannot help. The message is its cause. */
export class DeadLetterError extends Error {
  override readonly name = 'DeadLetterError'
}

/** Where a consumer group without an offset starts. */
export type StartPosition = 'beginning' | 'end'

/** A consumer group and what it does with each event. */
export interface EventConsumer {
  /** Consumer group: its members share the work, each group sees every event. */
  readonly group: string
  readonly topics: readonly string[]
  /** Default `beginning`. */
  readonly from?: StartPosition
  /** Attempts before an event is set aside with its last error; default 5, with exponential back-off from 100 ms. */
  readonly attempts?: number
  /**
   * Takes one event. Resolved: done, the offset moves. Rejected: retried, then dead-lettered; later events of the
   * same key wait for it. Runs at least once per event, so its effect is idempotent (inbox). A rejection because a
   * dependency is down (`isOutage`) is no attempt: the event waits for it with back-off, however long that takes.
   */
  handle(event: BusEvent, signal: AbortSignal): Promise<void>
}

export interface DeadLetter {
  readonly group: string
  readonly event: BusEvent
  readonly cause: string
  readonly attempts: number
  readonly failedAt: Date
}

export interface BusSubscription {
  /** Takes no new events, waits for those in hand, commits their offsets. */
  close(): Promise<void>
}

/**
 * Publishes and delivers domain events.
 * Guarantees: at least once; order per topic and key; every consumer group sees every event, its members share them;
 * an acknowledged event survives a crash; replay from the beginning or a time; a poisoned event is set aside with its
 * cause and does not stop those behind it.
 */
export interface EventBus {
  /** Resolved when every event is durable. Events of the array that share a key keep their order. */
  publish(events: readonly BusEvent[]): Promise<void>
  subscribe(consumer: EventConsumer): Promise<BusSubscription>
  /** Sets the group's offset on a topic; running members of the group continue from there. */
  seek(group: string, topic: string, position: 'beginning' | 'end' | Date): Promise<void>
  /** Events published and not yet done by the group, over its topics. */
  lag(group: string, topics: readonly string[]): Promise<number>
  deadLetters(group: string, limit?: number): Promise<readonly DeadLetter[]>
  /** Delivers set-aside events to their group once more; returns how many. */
  replayDeadLetters(group: string, eventIds?: readonly string[]): Promise<number>
  /** Rejects with the reason when the bus cannot take or give events. */
  ping(): Promise<void>
  close(): Promise<void>
}
