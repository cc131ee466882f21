import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionSetNode,
} from 'graphql'

/** An operation that a planner wrote, read back. */
export interface PlannedOperation {
  readonly document: DocumentNode
  readonly definition: OperationDefinitionNode
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

export function readOperation(text: string): PlannedOperation {
  const document = parse(text, { noLocation: true })
  const fragments = new Map<string, FragmentDefinitionNode>()
  let operation: OperationDefinitionNode | undefined
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
    if (definition.kind === Kind.OPERATION_DEFINITION) operation = definition
  }
  if (!operation) throw new TypeError('a planned fetch has no operation')
  return { document, definition: operation, fragments }
}

export function responseKey(field: FieldNode): string {
  return (field.alias ?? field.name).value
}

/**
 * Every field of a selection set, those in fragments included.
 * @param applies which type conditions to follow; all of them when it is not given
 */
export function fieldsOf(
  selectionSet: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  applies: (typeCondition: string) => boolean = () => true,
): readonly FieldNode[] {
  return selectionSet.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection]
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
    const condition = fragment?.typeCondition?.name.value
    if (!fragment || (condition !== undefined && !applies(condition))) return []
    return fieldsOf(fragment.selectionSet, fragments, applies)
  })
}

/** Response keys of the fields at the operation's root that have a resolver. */
export function rootKeys(operation: PlannedOperation): readonly string[] {
  const fields = fieldsOf(operation.definition.selectionSet, operation.fragments)
  return [...new Set(fields.filter((field) => field.name.value !== '__typename').map(responseKey))]
}

/** Response keys below a root field; true for those with a selection set of their own. */
export function keysBelow(operation: PlannedOperation, alias: string): ReadonlyMap<string, boolean> {
  const keys = new Map<string, boolean>()
  for (const root of fieldsOf(operation.definition.selectionSet, operation.fragments)) {
    if (responseKey(root) !== alias || !root.selectionSet) continue
    for (const field of fieldsOf(root.selectionSet, operation.fragments)) {
      const key = responseKey(field)
      keys.set(key, keys.get(key) || field.selectionSet !== undefined)
    }
  }
  return keys
}

/** True when no response key stands for two different fields or arguments anywhere in these operations. */
export function keysAreUnambiguous(operations: readonly PlannedOperation[]): boolean {
  const meanings = new Map<string, string>()
  const check = (selectionSet: SelectionSetNode): boolean =>
    selectionSet.selections.every((selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return true
      if (selection.kind === Kind.INLINE_FRAGMENT) return check(selection.selectionSet)
      const key = responseKey(selection)
      const meaning = [selection.name.value, ...(selection.arguments ?? []).map(print)].join(' ')
      if (selection.name.value !== '_entities') {
        if ((meanings.get(key) ?? meaning) !== meaning) return false
        meanings.set(key, meaning)
      }
      return !selection.selectionSet || check(selection.selectionSet)
    })
  return operations.every(({ document }) =>
    document.definitions.every(
      (definition) => !('selectionSet' in definition) || check(definition.selectionSet),
    ),
  )
}
