import type { GraphQLSchema } from 'graphql'
import type { EventConsumer } from './bus/bus.ts'
import type { JobWorker } from './jobs/jobs.ts'

/** A domain service, made of its dependencies and not yet running. */
export interface Subgraph {
  /** Folder and federation name: `reviews`. */
  readonly name: string
  /** Executable, with `_entities` and `_service`. */
  readonly schema: GraphQLSchema
  readonly consumers: readonly EventConsumer[]
  readonly workers: readonly JobWorker[]
  /** Dependencies that `/readyz` asks, by name. Each rejects with its reason. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>
  /** Long-running parts beside consumers and workers (the outbox relay, key rotation). Started by the host, stopped in reverse order. */
  readonly background: readonly Background[]
  /** Closes the stores. Called last. */
  close(): Promise<void>
}

export interface Background {
  readonly name: string
  start(): Promise<void>
  stop(): Promise<void>
}

/** Reads entities from their owner, as a service (never on a client's behalf). */
export interface EntityReader {
  /**
   * The present state of up to 1,000 entities, in the order of the ids; null for those that are gone.
   * @param selection GraphQL selection set without braces: `rating { average count }`
   * @throws when the owner does not answer: the caller retries
   */
  read<T>(
    subgraph: string,
    typename: string,
    ids: readonly (number | string)[],
    selection: string,
  ): Promise<readonly (T | null)[]>
}
