import { type ExecutionResult, execute as executeLocally, GraphQLError } from 'graphql'
import type { CompiledOperation, DeniedFields, Operation, RequestContext } from '../operation.ts'
import type { Weighed } from '../planning/cache.ts'
import { divideOperation } from '../planning/document.ts'
import { QueryPlanError, type QueryPlanner } from '../planning/planner.ts'
import { supergraphJoins } from '../supergraph/read.ts'
import { createAnswer } from './answer.ts'
import { compilePlan } from './compile.ts'
import type { EngineOptions } from './engine.ts'
import { compileProjection } from './projection/projection.ts'
import type { Run } from './run.ts'
import { createSend } from './sender.ts'

/** Makes operations executable. What cannot be planned becomes an operation that answers so. */
export function createCompiler({ supergraph, transport, onError }: EngineOptions, planner: QueryPlanner) {
  const joins = supergraphJoins(supergraph)
  const { schema } = supergraph

  const sendTo = (service: string) => {
    const url = supergraph.subgraphs.get(service)
    if (url === undefined) throw new QueryPlanError(`the plan names an unknown service: ${service}`)
    return createSend(transport, service, url)
  }

  const compile = async (operation: Operation, denied: DeniedFields | undefined): Promise<Weighed> => {
    const { planned, introspection } = divideOperation(operation, denied)
    const plan = planned && (await planner.plan(planned, operation.name))
    const step = plan && compilePlan(plan, joins, sendTo)
    const projection = compileProjection(schema, operation, denied)
    const answer = createAnswer({ operation, schema, joins, projection })

    const introspect = (run: Run): void => {
      if (!introspection) return
      const result = executeLocally({ schema, document: introspection, variableValues: run.variables })
      if (result instanceof Promise) throw new TypeError('introspection is synchronous')
      Object.assign(run.data, result.data)
    }

    const execute = async (
      variables: Run['variables'],
      context: RequestContext,
    ): Promise<ExecutionResult> => {
      try {
        const { cancellation } = context
        const run: Run = { data: {}, variables, context, cancellation, faults: [] }
        const pending = step?.(run)
        if (pending !== undefined) await pending
        introspect(run)
        return answer(run)
      } catch (error) {
        onError?.(error instanceof Error ? error : new Error(String(error)), operation)
        return internalError(context)
      }
    }
    const weight = (operation.document.loc?.end ?? 0) + JSON.stringify(plan ?? null).length
    return { compiled: { execute }, weight }
  }

  return async (operation: Operation, denied: DeniedFields | undefined): Promise<Weighed> => {
    if (operation.type === 'subscription') {
      return refusal('Subscriptions are not supported.', 'SUBSCRIPTIONS_NOT_SUPPORTED')
    }
    try {
      return await compile(operation, denied)
    } catch (error) {
      onError?.(error instanceof Error ? error : new Error(String(error)), operation)
      return refusal('The operation cannot be planned.', 'QUERY_PLANNING_FAILED')
    }
  }
}

function refusal(message: string, code: string): Weighed {
  const errors = [new GraphQLError(message, { extensions: { code } })]
  const compiled: CompiledOperation = { execute: async () => ({ data: null, errors }) }
  return { compiled, weight: message.length }
}

function internalError({ requestId }: RequestContext): ExecutionResult {
  const extensions = { code: 'INTERNAL_SERVER_ERROR', requestId }
  return { data: null, errors: [new GraphQLError('Something went wrong on our side.', { extensions })] }
}
