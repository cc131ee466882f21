import type { Engine, Operation, Supergraph } from '../operation.ts'
import { CompiledCache } from '../planning/cache.ts'
import { deniedKey } from '../planning/document.ts'
import type { QueryPlannerFactory } from '../planning/planner.ts'
import type { Transport } from '../transport/transport.ts'
import { createCompiler } from './compile-operation.ts'

export interface EngineOptions {
  readonly supergraph: Supergraph
  readonly planner: QueryPlannerFactory
  /** Shared between engines: it outlives a supergraph. */
  readonly transport: Transport
  /** Told about operations that cannot be planned, and about bugs. Clients learn only that there was one. */
  readonly onError?: (error: Error, operation: Operation) => void
  /** Characters of documents and plans whose operations are kept compiled; each takes some 30 bytes. Default 8 million. */
  readonly cacheWeight?: number
}

/**
 * Plans, compiles and runs the operations of one supergraph. `compile` never rejects either: an operation that
 * cannot be planned compiles to one that answers with the code QUERY_PLANNING_FAILED, a subscription to
 * one that answers SUBSCRIPTIONS_NOT_SUPPORTED. Equal operations are planned once, also when they come at the
 * same time.
 * @throws Error when the planner refuses the supergraph
 */
export function createEngine(options: EngineOptions): Engine {
  const { supergraph } = options
  const cache = new CompiledCache(options.cacheWeight ?? 8 * 1024 * 1024)
  const compile = createCompiler(options, options.planner(supergraph))
  return {
    supergraph,
    compile(operation, denied) {
      const key =
        denied && denied.size > 0 ? `${operation.id} ${deniedKey(operation.document, denied)}` : operation.id
      return cache.get(key, () => compile(operation, denied))
    },
  }
}
