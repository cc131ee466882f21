import type { DomainEvent, EventOrigin } from '@movieverse/schema/events/contract'
import type { Sql } from '../sql.ts'

/** An event that a service is about to tell, with the aggregate whose order it keeps. */
export interface OutgoingEvent {
  readonly topic: string
  /** Aggregate id: the bus key. */
  readonly key: string | number
  /** The domain JSON; checked against its contract before it is written. */
  readonly data: DomainEvent
  readonly origin?: EventOrigin
}

/** Writes events beside the rows they tell of. */
export interface Outbox {
  /**
   * One INSERT inside the caller's transaction: the events leave if and only if it commits. Trace context and time are
   * taken from the call.
   * @throws ZodError when an event breaks its contract
   */
  append(sql: Sql, events: readonly OutgoingEvent[]): Promise<void>
  /** After a commit: tells the relay that there is work, so that it need not wait for its next poll. */
  wake(): void
}
