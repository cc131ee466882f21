import type { BusEvent } from '../bus/bus.ts'
import type { OutboxLeases } from './leases.ts'

/** A committed event that has not left yet, with what its store finds it by again. */
export interface PendingEvent {
  readonly event: BusEvent
}

/** A service's committed events that have not left yet, as a relay takes them: what differs between stores. */
export interface RelaySource<Pending extends PendingEvent = PendingEvent> {
  /** Events of these slots (`slotOf` their key), at most about `limit`; those of one key in the order of their writes. */
  read(slots: readonly number[], limit: number): Promise<readonly Pending[]>
  /** Takes out events that the bus has acknowledged, and no others. */
  remove(pending: readonly Pending[]): Promise<void>
  /** How much waits, and since when (milliseconds; 0 when nothing does). */
  backlog(): Promise<{ readonly events: number; readonly oldestMs: number }>
  /** A relay's leases on the slots. */
  leases(leaseMs: number): OutboxLeases
  /** Calls `listener` when there may be something to read; answers how to stop that. */
  onWake(listener: () => void): () => void | Promise<void>
  /** Whether other processes' writes wake the listener as well; otherwise they are looked for often. */
  readonly hearsOthers: boolean
}
