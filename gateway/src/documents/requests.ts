import type { Viewer } from '@movieverse/kit/viewer'
import type { Clearance } from '../auth/authorisation.ts'
import { type FaultCode, type Outcome, RequestFault } from '../http/faults.ts'
import type { Parameters } from '../http/parameters.ts'
import type { Limits } from '../limits/settings.ts'
import type { Documents } from './documents.ts'
import { type Refusal, refusal } from './errors.ts'
import type { PreparedOperation } from './prepare.ts'
import { coerceVariables } from './variables.ts'

/** A request that may be executed. */
export interface RunnableRequest {
  readonly documents: Documents
  readonly operation: PreparedOperation
  readonly variables: Readonly<Record<string, unknown>>
  readonly clearance: Clearance
  /** Estimated cost; 0 without limits. */
  readonly cost: number
  readonly answer?: undefined
}

/** A request that may be executed, or the answer to one that may not. */
export type PreparedRequest =
  | RunnableRequest
  | { readonly answer: Outcome; readonly operation?: PreparedOperation; readonly cost: 0 }

export interface RequestRules {
  readonly limits: Limits | null
  /** Whether this viewer may read the schema. */
  mayIntrospect(viewer: Viewer | null): boolean
}

export interface Requester {
  readonly viewer: Viewer | null
  /** GET requests may only ask: a link must not be able to change anything (GraphQL over HTTP §5.2). */
  readonly queriesOnly: boolean
}

function refused({ status, errors }: Refusal, operation?: PreparedOperation): PreparedRequest {
  const { name, type } = operation?.operation ?? {}
  const named = type === undefined ? {} : { operation: { name, type } }
  return { answer: { status, result: { errors }, ...named }, cost: 0 }
}

const refuse = (code: FaultCode, message: string, operation?: PreparedOperation, details = {}) =>
  refused(refusal(code, [message], details), operation)

function select(
  operations: readonly PreparedOperation[],
  name: string | undefined,
): PreparedOperation | string {
  if (name === undefined || name === '') {
    const [only] = operations
    if (only === undefined) return 'The document has no operation.'
    return operations.length === 1
      ? only
      : 'The document has several operations: name one in "operationName".'
  }
  const named = operations.find(({ operation }) => operation.name === name)
  return named ?? `The document has no operation "${name.slice(0, 100)}".`
}

/** Finds what the limits and the rights say of one operation with its variables. */
function check(
  documents: Documents,
  operation: PreparedOperation,
  given: Parameters['variables'],
  { limits, viewer }: { readonly limits: Limits | null; readonly viewer: Viewer | null },
): PreparedRequest {
  const variables = coerceVariables(documents.engine.supergraph.schema, operation, given)
  if ('refused' in variables) return refused(variables.refused, operation)
  const { coerced } = variables
  let cost = 0
  if (limits && operation.cost) {
    const [unsized] = operation.cost.unsized(coerced)
    if (unsized !== undefined)
      return refuse(
        'BAD_USER_INPUT',
        `${unsized} must be given exactly one argument that says how many.`,
        operation,
      )
    cost = operation.cost.estimate(coerced)
    if (cost > limits.cost) {
      const found = Number.isFinite(cost) ? cost : Number.MAX_SAFE_INTEGER
      const message = `The operation costs ${found}; at most ${limits.cost} is allowed.`
      return refuse('COST_LIMIT_EXCEEDED', message, operation, { limit: limits.cost, found })
    }
  }
  const clearance = operation.authorisation.clearanceOf(viewer)
  if (clearance.refused.length > 0) return { answer: withheld(operation, clearance), operation, cost: 0 }
  return { documents, operation, variables: coerced, clearance, cost }
}

/** A mutation of which a root field is withheld: none of it runs. */
function withheld({ operation: { name, type } }: PreparedOperation, { refused: fields }: Clearance): Outcome {
  const errors = fields.map(({ field, code }) => ({
    message: code === 'UNAUTHENTICATED' ? 'Sign in to do this.' : 'You are not allowed to do this.',
    path: [(field.alias ?? field.name).value],
    extensions: { code },
  }))
  return { status: 200, result: { errors, data: null }, operation: { name, type } }
}

/**
 * Brings a request to the point where only planning and fetching are left.
 * @throws RequestFault for what concerns the HTTP request rather than its operation
 */
export function prepareRequest(
  documents: Documents,
  text: string,
  parameters: Parameters,
  { viewer, queriesOnly, limits, mayIntrospect }: Requester & RequestRules,
): PreparedRequest {
  const document = documents.prepare(text)
  if (document.refused) return refused(document.refused)
  const operation = select(document.operations, parameters.operationName)
  if (typeof operation === 'string') return refuse('OPERATION_RESOLUTION_FAILURE', operation)
  const { type } = operation.operation
  if (type === 'subscription')
    return refuse('SUBSCRIPTIONS_NOT_SUPPORTED', 'Subscriptions are not answered over plain HTTP.', operation)
  if (queriesOnly && type !== 'query')
    throw new RequestFault('METHOD_NOT_ALLOWED', 'GET requests are for queries; send mutations by POST.', {
      headers: { allow: 'POST' },
    })
  if (operation.introspects && !mayIntrospect(viewer))
    return refuse('INTROSPECTION_DISABLED', 'This gateway does not show its schema.', operation)
  return check(documents, operation, parameters.variables, { limits, viewer })
}
