import type { Cancellation, RequestContext } from '../operation.ts'

/** An object of the data tree. Keys are response keys. */
export type Entity = Record<string, unknown>

/** Where a value stands in the answer. */
export type ResponsePath = readonly (string | number)[]

/** An error before it becomes part of the answer. Its path may lead below what the client asked for. */
export interface Fault {
  readonly message: string
  readonly path: ResponsePath | undefined
  readonly extensions: Readonly<Record<string, unknown>>
}

/** One execution of a compiled plan. */
export interface Run {
  /** What the subgraphs have answered so far, merged. */
  readonly data: Entity
  /** Coerced values of the client's variables. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly context: RequestContext
  readonly cancellation: Cancellation
  readonly faults: Fault[]
}

/** A compiled plan node. Returns nothing when it is done already. Throws and rejects only for bugs of ours. */
export type Step = (run: Run) => Promise<void> | undefined
