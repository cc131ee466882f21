import type { IncomingMessage } from 'node:http'
import { reasonOf } from '@movieverse/kit/errors'
import type { Log } from '@movieverse/kit/log'
import type { Viewer } from '@movieverse/kit/viewer'
import type { ExecutionResult } from 'graphql'
import type { Documents } from '../documents/documents.ts'
import type { PersistedDocuments } from '../documents/persisted.ts'
import {
  type PreparedRequest,
  prepareRequest,
  type RequestRules,
  type RunnableRequest,
} from '../documents/requests.ts'
import type { RequestContext } from '../operation.ts'
import { faultResult, type Outcome, RequestFault } from './faults.ts'
import { type Parameters, parametersOf, parametersOfQuery, parseBody } from './parameters.ts'
import type { Sharing } from './sharing.ts'

/** The requests of one HTTP request: one, or a batch. */
export interface Requests {
  readonly isBatch: boolean
  /** The parameters of each; those of a batch that are malformed are faults of their own. */
  readonly items: readonly (Parameters | RequestFault)[]
}

function faultOf(error: unknown): RequestFault {
  if (error instanceof RequestFault) return error
  throw error
}

function checked(value: unknown): Parameters | RequestFault {
  try {
    return parametersOf(value)
  } catch (error) {
    return faultOf(error)
  }
}

/** @throws RequestFault for a batch that is empty or too big, and for a malformed request that is not in a batch */
export function requestsOf(request: IncomingMessage, body: string | null, maxBatch: number): Requests {
  if (body === null) {
    const url = request.url ?? ''
    const at = url.indexOf('?')
    return { isBatch: false, items: [parametersOfQuery(at < 0 ? '' : url.slice(at + 1))] }
  }
  const value = parseBody(body)
  if (!Array.isArray(value)) return { isBatch: false, items: [parametersOf(value)] }
  if (value.length === 0) throw new RequestFault('BAD_REQUEST', 'The batch is empty.')
  if (value.length > maxBatch)
    throw new RequestFault(
      'BATCH_LIMIT_EXCEEDED',
      `The batch has ${value.length} requests; at most ${maxBatch} are allowed.`,
      { extensions: { limit: maxBatch, found: value.length } },
    )
  return { isBatch: true, items: value.map(checked) }
}

/** What was stopped was stopped by the deadline: when it is the client that has gone, nobody reads the answer. */
function outOfTime(result: ExecutionResult): Outcome['result'] {
  if (!result.errors) return result
  const errors = result.errors.map((error) =>
    error.extensions.code === 'REQUEST_CANCELLED'
      ? {
          message: 'The answer took too long.',
          path: error.path,
          extensions: { ...error.extensions, code: 'DEADLINE_EXCEEDED' },
        }
      : error,
  )
  return { ...result, errors }
}

export interface RunnerDependencies extends RequestRules {
  /** Those of the supergraph in force. */
  documents(): Documents
  readonly persisted: PersistedDocuments
  /** Undefined: each request is run by itself. */
  readonly sharing?: Sharing | undefined
  readonly log: Log
}

/** One client's requests, prepared and run. */
export interface Runner {
  /** @throws RequestFault where the HTTP request as a whole is at fault */
  run(requests: Requests, client: Client): Promise<readonly Outcome[]>
}

export interface Client {
  readonly viewer: Viewer | null
  readonly queriesOnly: boolean
  readonly context: RequestContext
}

export function createRunner({
  documents,
  persisted,
  sharing,
  log,
  limits,
  mayIntrospect,
}: RunnerDependencies): Runner {
  async function prepare(parameters: Parameters, client: Client): Promise<PreparedRequest> {
    const text = persisted.textOf(parameters)
    const requester = { viewer: client.viewer, queriesOnly: client.queriesOnly, limits, mayIntrospect }
    return prepareRequest(documents(), typeof text === 'string' ? text : await text, parameters, requester)
  }

  async function prepareItem(item: Parameters | RequestFault, client: Client): Promise<PreparedRequest> {
    try {
      if (item instanceof RequestFault) throw item
      return await prepare(item, client)
    } catch (error) {
      const fault = faultOf(error)
      return { answer: { status: fault.status, result: faultResult(fault) }, cost: 0 }
    }
  }

  function execute(prepared: PreparedRequest, context: RequestContext): Outcome | Promise<Outcome> {
    if (prepared.answer) return prepared.answer
    return sharing ? sharing(prepared, context, (shared) => run(prepared, shared)) : run(prepared, context)
  }

  async function run(prepared: RunnableRequest, context: RequestContext): Promise<Outcome> {
    const { operation, clearance, variables } = prepared
    const { name, type } = operation.operation
    try {
      const compiled = prepared.documents.compile(operation, clearance)
      const result = await (compiled instanceof Promise ? await compiled : compiled).execute(
        variables,
        context,
      )
      const timely = context.cancellation.cancelled ? outOfTime(result) : result
      return { status: 200, result: timely, operation: { name, type } }
    } catch (error) {
      log.error(
        { err: error, requestId: context.requestId, operation: name, reason: reasonOf(error) },
        'operation failed',
      )
      const extensions = { code: 'INTERNAL_SERVER_ERROR', requestId: context.requestId }
      const errors = [{ message: 'Something went wrong on our side.', extensions }]
      return { status: 500, result: { errors }, operation: { name, type } }
    }
  }

  function refuseCost(requests: readonly PreparedRequest[]): void {
    const cost = requests.reduce((total, request) => total + request.cost, 0)
    if (limits === null || cost <= limits.cost) return
    throw new RequestFault(
      'COST_LIMIT_EXCEEDED',
      `The batch costs ${cost}; at most ${limits.cost} is allowed.`,
      {
        extensions: { limit: limits.cost, found: cost },
      },
    )
  }

  return {
    async run({ isBatch, items }, client) {
      const { context } = client
      if (!isBatch) {
        const [item] = items
        if (item === undefined || item instanceof RequestFault)
          throw item ?? new RequestFault('BAD_REQUEST', 'Nothing is asked.')
        return [await execute(await prepare(item, client), context)]
      }
      // All are checked before the first runs: a batch that is too dear does nothing.
      const prepared = await Promise.all(items.map((item) => prepareItem(item, client)))
      refuseCost(prepared)
      const changes = prepared.some(({ operation }) => operation?.operation.type === 'mutation')
      if (!changes) return Promise.all(prepared.map((request) => execute(request, context)))
      // What changes something is seen by what comes after it.
      const outcomes: Outcome[] = []
      for (const request of prepared) outcomes.push(await execute(request, context))
      return outcomes
    },
  }
}
