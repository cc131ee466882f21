import { type GraphQLSchema, getVariableValues } from 'graphql'
import { type Refusal, refusal } from './errors.ts'
import type { PreparedOperation } from './prepare.ts'

export type CoercedVariables =
  | { readonly coerced: Readonly<Record<string, unknown>> }
  | { readonly refused: Refusal }

const none: CoercedVariables = { coerced: Object.freeze({}) }
const maxErrors = 20

/** Coerces a request's variables (specification §6.1.2), defaults included; what does not fit is BAD_USER_INPUT. */
export function coerceVariables(
  schema: GraphQLSchema,
  { variables: definitions }: PreparedOperation,
  given: Readonly<Record<string, unknown>> | undefined,
): CoercedVariables {
  if (definitions.length === 0) return none
  const { coerced, errors } = getVariableValues(schema, definitions, given ?? {}, { maxErrors })
  return errors ? { refused: refusal('BAD_USER_INPUT', errors) } : { coerced }
}
