import { GraphQLError, type GraphQLErrorExtensions } from 'graphql'

/**
 * Every coded error that a client can meet, with the HTTP status that goes with it where the whole answer fails, and a
 * message that is safe to show. Faults that are part of a mutation's domain are not here: they are its payload's.
 */
export const errorCatalogue = {
  UNAUTHENTICATED: { status: 401, message: 'Sign in to do this.' },
  FORBIDDEN: { status: 403, message: 'You are not allowed to do this.' },
  BAD_USER_INPUT: { status: 400, message: 'The input is not valid.' },
  BAD_REQUEST: { status: 400, message: 'The request is malformed.' },
  GRAPHQL_PARSE_FAILED: { status: 400, message: 'The document could not be parsed.' },
  GRAPHQL_VALIDATION_FAILED: { status: 400, message: 'The document is not valid for this schema.' },
  OPERATION_RESOLUTION_FAILURE: { status: 400, message: 'The operation to run could not be determined.' },
  NOT_FOUND: { status: 404, message: 'There is no such thing.' },
  METHOD_NOT_ALLOWED: { status: 405, message: 'This method is not allowed here.' },
  CONFLICT: { status: 409, message: 'It was changed by someone else in the meantime.' },
  PAYLOAD_TOO_LARGE: { status: 413, message: 'The request is too large.' },
  RATE_LIMITED: { status: 429, message: 'Too many requests; try again later.' },
  INTERNAL_SERVER_ERROR: { status: 500, message: 'Something went wrong on our side.' },
  SERVICE_UNAVAILABLE: { status: 503, message: 'The service is not available at the moment.' },
  DEADLINE_EXCEEDED: { status: 504, message: 'The answer took too long.' },
} as const satisfies Record<string, { status: number; message: string }>

export type ErrorCode = keyof typeof errorCatalogue

/** @returns a GraphQL error of the catalogue; `details` become further extensions and must be safe to show. */
export function codedError(
  code: ErrorCode,
  message: string = errorCatalogue[code].message,
  details: GraphQLErrorExtensions = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { ...details, code } })
}

export const unauthenticated = (message?: string): GraphQLError => codedError('UNAUTHENTICATED', message)
export const forbidden = (message?: string): GraphQLError => codedError('FORBIDDEN', message)
export const serviceUnavailable = (message?: string): GraphQLError =>
  codedError('SERVICE_UNAVAILABLE', message)

/** @param argument the argument or input path at fault: `input.rating` */
export function badUserInput(message: string, argument?: string): GraphQLError {
  return codedError('BAD_USER_INPUT', message, argument === undefined ? {} : { argument })
}

/** @param retryAfterMs milliseconds until another try may succeed; rounded up to `retryAfterSeconds` */
export function rateLimited(retryAfterMs?: number, message?: string): GraphQLError {
  const details = retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }
  return codedError('RATE_LIMITED', message, details)
}

/** @returns the catalogue's code of an error, or undefined for a bug or a code that is not ours. */
export function errorCode(error: unknown): ErrorCode | undefined {
  if (!(error instanceof GraphQLError)) return undefined
  const code = error.extensions.code
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : undefined
}

export type StartupErrorCode =
  | 'BAD_ENVIRONMENT'
  | 'DATA_DIR_NOT_WRITABLE'
  | 'DISK_FULL'
  | 'DATA_VERSION'
  | 'DATA_DIR_IN_USE'
  | 'PORT_TAKEN'
  | 'DATABASE_UNREACHABLE'
  | 'MIGRATION_FAILED'
  | 'RESTORE_UNFINISHED'
  | 'BACKUP_UNUSABLE'
  | 'NOT_INSTALLED'
  | 'ENGINE_UNREACHABLE'
  | 'START_FAILED'

/** Why a process cannot start, and what its operator can do. Shown without a stack, and the exit code is not 0. */
export class StartupError extends Error {
  override readonly name = 'StartupError'
  readonly code: StartupErrorCode
  /** One line in the imperative: what to do. */
  readonly remedy: string

  constructor(code: StartupErrorCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.remedy = remedy
  }

  /** The lines for a terminal. */
  describe(): string {
    return `${this.message}\n  → ${this.remedy}`
  }
}

/** @returns the text of anything that was thrown */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
