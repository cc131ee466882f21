import type { Viewer } from '@movieverse/kit/viewer'
import type {
  DocumentNode,
  ExecutionResult,
  FieldNode,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql'

/** A loaded supergraph: what composition wrote, read once. Immutable; a reload makes a new one. */
export interface Supergraph {
  /** The supergraph SDL as the composer wrote it. */
  readonly sdl: string
  /** The schema that clients see: no join types, no @inaccessible elements. */
  readonly schema: GraphQLSchema
  /** Subgraph name → URL, from @join__graph. Names are as written in `name:`, not the enum value. */
  readonly subgraphs: ReadonlyMap<string, string>
}

/** One operation of a validated document, ready to be planned. Cached by document text and operation name. */
export interface Operation {
  readonly document: DocumentNode
  readonly definition: OperationDefinitionNode
  readonly type: 'query' | 'mutation' | 'subscription'
  /** Name in the document; undefined for an anonymous operation. */
  readonly name: string | undefined
  /** Hash of the document text with the operation's name: the key of plans and of trusted documents. */
  readonly id: string
}

/** The end of a request before its time: the client has gone, or the deadline has passed. */
export interface Cancellation {
  readonly cancelled: boolean
  /** Calls `stop` when the request is cancelled, unless it is removed before. Not called for one that is cancelled already. */
  add(stop: () => void): void
  remove(stop: () => void): void
  /** Aborted with it. Made when it is first asked for: that costs more than all else a request brings, and few ask. */
  readonly signal: AbortSignal
}

/** What one client request carries through execution. */
export interface RequestContext {
  readonly requestId: string
  readonly viewer: Viewer | null
  readonly clientAddress: string | undefined
  readonly userAgent: string | undefined
  /** When the client goes or the request's deadline passes. */
  readonly cancellation: Cancellation
  /** Headers that every subgraph fetch of this request carries (request id, traceparent, client address). */
  readonly headers: Readonly<Record<string, string>>
}

/** Selections that this client may not read; each answers null with an error of this code. */
export type DeniedFields = ReadonlyMap<FieldNode, 'UNAUTHENTICATED' | 'FORBIDDEN'>

/** An operation planned and compiled to closures. Reusable for every request with the same denied fields. */
export interface CompiledOperation {
  /**
   * Runs the plan. Never rejects: faults become errors with a path and a code.
   * @param variables coerced values (GraphQL specification §6.1.2), defaults included
   */
  execute(variables: Readonly<Record<string, unknown>>, context: RequestContext): Promise<ExecutionResult>
}

/** Plans, compiles and runs operations of one supergraph. */
export interface Engine {
  readonly supergraph: Supergraph
  /** Fields in `denied` are neither planned nor fetched; the answer has null and an error in their place. */
  compile(operation: Operation, denied?: DeniedFields): Promise<CompiledOperation>
}
