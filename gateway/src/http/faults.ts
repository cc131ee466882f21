import { type ErrorCode, errorCatalogue } from '@movieverse/kit/errors'
import type { ExecutionResult } from 'graphql'

/** Codes that only the gateway's front answers; the rest are the platform's catalogue. */
export type FaultCode =
  | ErrorCode
  | 'NOT_ACCEPTABLE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'CSRF_REFUSED'
  | 'ADDRESS_BLOCKED'
  | 'INTROSPECTION_DISABLED'
  | 'SUBSCRIPTIONS_NOT_SUPPORTED'
  | 'PERSISTED_QUERY_NOT_FOUND'
  | 'PERSISTED_QUERY_MISMATCH'
  | 'UNTRUSTED_DOCUMENT'
  | 'TOKEN_LIMIT_EXCEEDED'
  | 'OPERATION_LIMIT_EXCEEDED'
  | 'REPETITION_LIMIT_EXCEEDED'
  | 'DEPTH_LIMIT_EXCEEDED'
  | 'ALIAS_LIMIT_EXCEEDED'
  | 'FIELD_LIMIT_EXCEEDED'
  | 'ROOT_FIELD_LIMIT_EXCEEDED'
  | 'DIRECTIVE_LIMIT_EXCEEDED'
  | 'COST_LIMIT_EXCEEDED'
  | 'BATCH_LIMIT_EXCEEDED'

const statuses: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.entries(errorCatalogue).map(([code, { status }]) => [code, status])),
  NOT_ACCEPTABLE: 406,
  UNSUPPORTED_MEDIA_TYPE: 415,
  CSRF_REFUSED: 400,
  ADDRESS_BLOCKED: 403,
}

export interface FaultDetails {
  /** HTTP status; by default that of the code, 400 for a code without one. */
  readonly status?: number
  /** Further extensions; safe to show. */
  readonly extensions?: Readonly<Record<string, unknown>>
  /** Response headers that go with it (Allow, Retry-After, …). */
  readonly headers?: Readonly<Record<string, string>>
  /** What went wrong on our side; for the log only. */
  readonly cause?: unknown
}

/** Why the gateway answers a request without executing it. Its message is written for the client. */
export class RequestFault extends Error {
  override readonly name = 'RequestFault'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly extensions: Readonly<Record<string, unknown>>

  constructor(
    readonly code: FaultCode,
    message: string,
    details: FaultDetails = {},
  ) {
    super(message, { cause: details.cause })
    this.status = details.status ?? statuses[code] ?? 400
    this.headers = details.headers ?? {}
    this.extensions = { ...details.extensions, code }
  }
}

/** What one operation answers: the response map, and the status it has as `application/graphql-response+json`. */
export interface Outcome {
  readonly status: number
  readonly result: ExecutionResult | FailedResult
  /** The result in JSON, where it is written once for several. */
  readonly text?: string
  /** As the access log and the metrics name it. */
  readonly operation?: { readonly name: string | undefined; readonly type: string }
}

/** An answer with errors of our own making; without a data entry it is a request error (GraphQL specification §7.1). */
export interface FailedResult {
  readonly data?: unknown
  readonly errors: readonly {
    readonly message: string
    readonly path?: readonly (string | number)[] | undefined
    readonly extensions: Readonly<Record<string, unknown>>
  }[]
}

/** @returns the response map of a request that was not executed */
export function faultResult(fault: RequestFault): FailedResult {
  return { errors: [{ message: fault.message, extensions: fault.extensions }] }
}
