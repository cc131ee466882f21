import type { EventBus } from '../bus/bus.ts'
import type { Log } from '../log.ts'
import type { Background, Subgraph } from '../subgraph.ts'
import { createInboxCleanup } from './cleanup.ts'
import type { OutboxDatabase } from './database.ts'
import { createRelay } from './relay.ts'
import type { SqlOutbox } from './sql-outbox.ts'

export interface ServiceOutboxSettings {
  /** The service. */
  readonly name: string
  readonly database: OutboxDatabase
  readonly outbox: SqlOutbox
  readonly bus: EventBus
  readonly log: Log
}

/** What a service with an outbox and an inbox does beside answering, and what its readiness asks. */
export function createServiceOutbox(settings: ServiceOutboxSettings): {
  readonly background: readonly Background[]
  readonly checks: Subgraph['checks']
} {
  const { name, database, log } = settings
  const relay = createRelay(settings)
  return {
    background: [relay, createInboxCleanup({ name, database, log })],
    checks: { outbox: () => relay.check() },
  }
}
