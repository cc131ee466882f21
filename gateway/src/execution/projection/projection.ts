import {
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
} from 'graphql'
import type { DeniedFields, Operation } from '../../operation.ts'
import { compile } from '../codegen.ts'
import type { Entity } from '../run.ts'
import { ProjectionSource } from './source.ts'
import { ProjectionState } from './state.ts'

/** Writes the answer's `data` in the operation's order; null when a non-null root field has no value. */
export type Projection = (state: ProjectionState) => Entity | null

/**
 * Compiles an operation into the code that makes its answer of the data tree: only what was asked, in its
 * order, with types checked and nulls propagated as the specification has it (§6.4.3, §6.4.4).
 */
export function compileProjection(
  schema: GraphQLSchema,
  operation: Operation,
  denied: DeniedFields | undefined,
): Projection {
  const rootType = schema.getRootType(operation.definition.operation)
  if (!rootType) throw new GraphQLError(`This schema has no ${operation.definition.operation} type.`)
  const source = new ProjectionSource({ schema, fragments: fragmentsOf(operation), denied })
  const root = source.object(rootType, [selectionOf(operation.definition)])
  const code = `${source.text()}\nreturn function(s){return ${root}(s.data,s);}`
  return compile(code, source.scope) as Projection
}

export function fragmentsOf({ document }: Operation): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  return fragments
}

function selectionOf({ selectionSet }: OperationDefinitionNode) {
  return { selectionSet, conditions: [] }
}
