import { type ExecutionResult, GraphQLError } from 'graphql'
import type { SubgraphContext } from '../context.ts'
import { codedError, type ErrorCode, errorCatalogue, errorCode } from '../errors.ts'
import type { Log } from '../log.ts'
import { isOutage } from '../outage.ts'
import { noteRoom } from '../room.ts'

/** The error as the client may see it: with its path, its code, and for bugs nothing but the request's id. */
export function maskError(error: GraphQLError, context: SubgraphContext, log: Log): GraphQLError {
  if (errorCode(error) !== undefined) return error
  const { requestId, signal } = context
  const masked = (code: ErrorCode) =>
    new GraphQLError(errorCatalogue[code].message, { path: error.path, extensions: { code, requestId } })
  const original = error.originalError ?? error
  noteRoom(original)
  if (signal.aborted) return masked('DEADLINE_EXCEEDED')
  const code = isOutage(original) ? 'SERVICE_UNAVAILABLE' : 'INTERNAL_SERVER_ERROR'
  log.error({ err: original, requestId, path: error.path?.join('.') }, `a resolver failed: ${code}`)
  return masked(code)
}

/** Masks the errors of an execution. Without data it did not begin, for the variables were not those of the operation. */
export function maskResult(result: ExecutionResult, context: SubgraphContext, log: Log): ExecutionResult {
  if (!result.errors) return result
  const errors =
    'data' in result
      ? result.errors.map((error) => maskError(error, context, log))
      : result.errors.map((error) => withCode(error, 'BAD_USER_INPUT'))
  return { ...result, errors }
}

/** @returns the error with a code, unless it has one of the catalogue */
export function withCode(error: GraphQLError, code: ErrorCode): GraphQLError {
  if (errorCode(error) !== undefined) return error
  const { nodes, source, positions, path } = error
  return new GraphQLError(error.message, { nodes, source, positions, path, extensions: { code } })
}

/** The answer to a request that cannot be executed at all. */
export function refusal(code: ErrorCode, message?: string): ExecutionResult {
  return { errors: [codedError(code, message)] }
}
