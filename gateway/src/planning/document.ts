import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql'
import type { DeniedFields, Operation } from '../operation.ts'

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }

/** An operation, divided by who answers it. */
export interface DividedOperation {
  /** What the subgraphs answer; undefined when that is nothing. */
  readonly planned: DocumentNode | undefined
  /** `__schema` and `__type`, which the gateway answers; undefined when they are not asked for. */
  readonly introspection: DocumentNode | undefined
}

/**
 * Takes out what is not planned: denied fields wherever they stand, and introspection and `__typename` at the
 * root. Both documents hold the one operation and the fragments that it uses.
 */
export function divideOperation(operation: Operation, denied: DeniedFields | undefined): DividedOperation {
  const document = denied && denied.size > 0 ? withoutDenied(operation.document, denied) : operation.document
  const fragments = new Map<string, FragmentDefinitionNode>()
  let definition: OperationDefinitionNode | undefined
  for (const candidate of document.definitions) {
    if (candidate.kind === Kind.FRAGMENT_DEFINITION) fragments.set(candidate.name.value, candidate)
    else if (candidate.kind === Kind.OPERATION_DEFINITION && candidate.name?.value === operation.name)
      definition = candidate
  }
  definition ??= operation.definition

  const root = new Set(rootFields(definition.selectionSet, fragments).map((field) => field.name.value))
  const introspects = root.has('__schema') || root.has('__type')
  const fetches = [...root].some((name) => !name.startsWith('__'))
  return {
    planned: fetches
      ? assemble(introspects ? keepAtRoot(definition, fragments, isFetched) : definition, fragments)
      : undefined,
    introspection: introspects
      ? assemble(keepAtRoot(definition, fragments, isIntrospection), fragments)
      : undefined,
  }
}

const isIntrospection = (name: string) => name === '__schema' || name === '__type'
const isFetched = (name: string) => !name.startsWith('__')

function rootFields(
  selectionSet: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): readonly FieldNode[] {
  return selectionSet.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection]
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
    return fragment ? rootFields(fragment.selectionSet, fragments) : []
  })
}

/** Keeps some of the root fields. Fragments at the root become inline, since they may be used elsewhere too. */
function keepAtRoot(
  definition: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  keep: (name: string) => boolean,
): OperationDefinitionNode {
  const filter = (selectionSet: SelectionSetNode): SelectionSetNode => ({
    ...selectionSet,
    selections: selectionSet.selections.flatMap((selection): readonly SelectionNode[] => {
      if (selection.kind === Kind.FIELD) return keep(selection.name.value) ? [selection] : []
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
      const inner = fragment && filter(fragment.selectionSet)
      if (!fragment || !inner || inner.selections.length === 0) return []
      const { typeCondition } = fragment
      return [
        { kind: Kind.INLINE_FRAGMENT, typeCondition, directives: selection.directives, selectionSet: inner },
      ]
    }),
  })
  return { ...definition, selectionSet: filter(definition.selectionSet) }
}

/** The operation with the fragments that it uses, and the variables that are left. */
function assemble(
  definition: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): DocumentNode {
  const used = new Set<FragmentDefinitionNode>()
  const variables = new Set<string>()
  const note = (node: SelectionSetNode | OperationDefinitionNode | FragmentDefinitionNode): void => {
    visit(node, {
      VariableDefinition: () => false,
      Variable: (variable) => void variables.add(variable.name.value),
      FragmentSpread: ({ name }) => {
        const fragment = fragments.get(name.value)
        if (!fragment || used.has(fragment)) return
        used.add(fragment)
        note(fragment)
      },
    })
  }
  note(definition)
  const variableDefinitions = definition.variableDefinitions?.filter(({ variable }) =>
    variables.has(variable.name.value),
  )
  return { kind: Kind.DOCUMENT, definitions: [{ ...definition, variableDefinitions }, ...used] }
}

/** A selection set that loses all its fields keeps `__typename`, so that its object is still fetched. */
function withoutDenied(document: DocumentNode, denied: DeniedFields): DocumentNode {
  return visit(document, {
    Field: (node) => (denied.has(node) ? null : undefined),
    SelectionSet: {
      leave: (node) => (node.selections.length === 0 ? { ...node, selections: [TYPENAME] } : undefined),
    },
  })
}

/** Names a set of denied fields by their places in the document; equal for equal texts however they were parsed. */
export function deniedKey(document: DocumentNode, denied: DeniedFields): string {
  let key = ''
  let index = 0
  visit(document, {
    Field: (node) => {
      const code = denied.get(node)
      if (code) key += `${index}${code === 'FORBIDDEN' ? 'F' : 'U'}`
      index++
    },
  })
  return key
}
