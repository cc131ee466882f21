import type { GraphQLError } from 'graphql'
import type { FaultCode } from '../http/faults.ts'

/** An error of a document, as clients get it. */
export interface DocumentError {
  readonly message: string
  readonly locations?: readonly { readonly line: number; readonly column: number }[]
  readonly extensions: Readonly<Record<string, unknown>>
}

/** Why a document, or an operation of it, is not executed. */
export interface Refusal {
  readonly status: number
  readonly errors: readonly DocumentError[]
}

export function refusal(
  code: FaultCode,
  messages: readonly (string | GraphQLError)[],
  extensions: Readonly<Record<string, unknown>> = {},
): Refusal {
  return {
    status: 400,
    errors: messages.map((error) =>
      typeof error === 'string'
        ? { message: error, extensions: { ...extensions, code } }
        : {
            message: error.message,
            ...(error.locations ? { locations: error.locations } : {}),
            extensions: { ...extensions, code },
          },
    ),
  }
}
