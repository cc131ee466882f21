import {
  type DocumentNode,
  type GraphQLSchema,
  NoFragmentCyclesRule,
  NoUnusedFragmentsRule,
  type OperationDefinitionNode,
  validate,
} from 'graphql'
import { type Refusal, refusal } from '../documents/errors.ts'
import { countRepetition } from './repetition.ts'
import type { Limits } from './settings.ts'
import { createMeasure, limitRefusal, shapeRefusal } from './shape.ts'

/** What must hold for the measures below to see all of a document, and to end. */
const soundness = [NoFragmentCyclesRule, NoUnusedFragmentsRule]

/** Checks a document for everything that would make it costly to validate or to plan, before either is done. */
export function documentRefusal(
  schema: GraphQLSchema,
  document: DocumentNode,
  {
    operations,
    limits,
  }: { readonly operations: readonly OperationDefinitionNode[]; readonly limits: Limits },
): Refusal | null {
  const tooMany = limitRefusal(
    'OPERATION_LIMIT_EXCEEDED',
    'document has # operations',
    operations.length,
    limits.operations,
  )
  if (tooMany) return tooMany
  const unsound = validate(schema, document, soundness, { maxErrors: 1 })
  if (unsound.length > 0) return refusal('GRAPHQL_VALIDATION_FAILED', unsound.slice(0, 1))
  const measure = createMeasure(document)
  for (const operation of operations) {
    const refused = shapeRefusal(measure(operation), limits)
    if (refused) return refused
  }
  return limitRefusal(
    'REPETITION_LIMIT_EXCEEDED',
    'document has # or more pairs of fields to merge',
    countRepetition(document, operations, limits.repetition),
    limits.repetition,
  )
}
