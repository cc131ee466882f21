import { type ExecutionResult, execute as executeLocally, GraphQLError, getVariableValues } from 'graphql'
import type {
  CompiledOperation,
  DeniedFields,
  Engine,
  Operation,
  RequestContext,
  Supergraph,
} from '../operation.ts'
import { CompiledCache } from '../planning/cache.ts'
import { deniedKey, divideOperation } from '../planning/document.ts'
import { QueryPlanError, type QueryPlanner, type QueryPlannerFactory } from '../planning/planner.ts'
import { supergraphJoins } from '../supergraph/read.ts'
import type { Transport } from '../transport/transport.ts'
import { createAnswer } from './answer.ts'
import { compilePlan } from './compile.ts'
import { compileProjection } from './projection/projection.ts'
import type { Run } from './run.ts'
import { createSend } from './sender.ts'

export interface EngineOptions {
  readonly supergraph: Supergraph
  readonly planner: QueryPlannerFactory
  /** Shared between engines: it outlives a supergraph. */
  readonly transport: Transport
  /** Told about operations that could not be planned. The client learns only that it is so. */
  readonly onPlanError?: (error: Error, operation: Operation) => void
  /** Compiled operations kept, by weight: the characters of their documents and plans. */
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
  const planner = options.planner(supergraph)
  const cache = new CompiledCache(options.cacheWeight ?? 64 * 1024 * 1024)
  const compileOperation = createCompiler(options, planner)
  return {
    supergraph,
    compile(operation, denied) {
      const key =
        denied && denied.size > 0 ? `${operation.id} ${deniedKey(operation.document, denied)}` : operation.id
      return cache.get(key, () => compileOperation(operation, denied))
    },
  }
}

function createCompiler(options: EngineOptions, planner: QueryPlanner) {
  const { supergraph, transport, onPlanError } = options
  const joins = supergraphJoins(supergraph)
  const { schema } = supergraph

  return async (operation: Operation, denied: DeniedFields | undefined): Promise<CompiledOperation> => {
    if (operation.type === 'subscription') {
      return refusal('Subscriptions are not supported.', 'SUBSCRIPTIONS_NOT_SUPPORTED')
    }
    try {
      const { planned, introspection } = divideOperation(operation, denied)
      const plan = planned && (await planner.plan(planned, operation.name))
      const step =
        plan &&
        compilePlan(plan, joins, ({ service }) => {
          const url = supergraph.subgraphs.get(service)
          if (url === undefined) throw new QueryPlanError(`the plan names an unknown service: ${service}`)
          return createSend(transport, service, url)
        })
      const answer = createAnswer(operation, compileProjection(schema, operation, denied))
      const variablesOf = compileCoercion(operation)

      const introspect = (run: Run): void => {
        if (!introspection) return
        const result = executeLocally({ schema, document: introspection, variableValues: run.variables })
        if (result instanceof Promise) throw new TypeError('introspection is synchronous')
        Object.assign(run.data, result.data)
      }

      return {
        async execute(variables, context) {
          const coerced = variablesOf(variables)
          if (coerced.errors) return { errors: coerced.errors }
          try {
            const run: Run = { data: {}, variables: coerced.values, context, faults: [] }
            const pending = step?.(run)
            if (pending !== undefined) await pending
            introspect(run)
            return answer(run)
          } catch (error) {
            return internalError(context, error)
          }
        },
      }
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error))
      onPlanError?.(failure, operation)
      return refusal('The operation cannot be planned.', 'QUERY_PLANNING_FAILED')
    }
  }

  function compileCoercion({ definition }: Operation) {
    const definitions = definition.variableDefinitions ?? []
    if (definitions.length === 0) return () => ({ values: {}, errors: undefined })
    return (inputs: Readonly<Record<string, unknown>>) => {
      const { coerced, errors } = getVariableValues(schema, definitions, inputs, { maxErrors: 10 })
      return errors ? { errors: errors.map(badVariable), values: {} } : { values: coerced, errors: undefined }
    }
  }
}

function badVariable(error: GraphQLError): GraphQLError {
  return new GraphQLError(error.message, { nodes: error.nodes, extensions: { code: 'BAD_USER_INPUT' } })
}

function refusal(message: string, code: string): CompiledOperation {
  const errors = [new GraphQLError(message, { extensions: { code } })]
  return { execute: async () => ({ data: null, errors }) }
}

function internalError(context: RequestContext, error: unknown): ExecutionResult {
  const { requestId } = context
  return {
    data: null,
    errors: [
      new GraphQLError('Something went wrong on our side.', {
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
        originalError: error instanceof Error ? error : undefined,
      }),
    ],
  }
}
