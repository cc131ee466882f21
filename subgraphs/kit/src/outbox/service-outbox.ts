import type { EventBus } from '../bus/bus.ts'
import type { Log } from '../log.ts'
import type { Background, Subgraph } from '../subgraph.ts'
import { createInboxCleanup } from './cleanup.ts'
import type { OutboxDatabase } from './database.ts'
import { createRelay } from './relay.ts'
import type { SqlOutbox } from './sql-outbox.ts'
import { createSqlSource } from './sql-source.ts'

export interface ServiceOutboxSettings {
  /** The service. */
  readonly name: string
  readonly database: OutboxDatabase
  readonly outbox: SqlOutbox
  readonly bus: EventBus
  readonly log: Log
}

/** What a service does for its events beside answering, and what its readiness asks. */
export interface ServiceOutbox {
  readonly background: readonly Background[]
  readonly checks: Subgraph['checks']
}

/** For a service with an outbox and an inbox in its SQL database. */
export function createServiceOutbox(settings: ServiceOutboxSettings): ServiceOutbox {
  const { name, database, outbox, bus, log } = settings
  const relay = createRelay({ name, source: createSqlSource(database, outbox), bus, log })
  return {
    background: [relay, createInboxCleanup({ name, database, log })],
    checks: { outbox: () => relay.check() },
  }
}
