import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'

/**
 * Counts the pairs of fields with the same response path, which validation has to compare (specification §5.3.2, "field
 * selection merging"): quadratic in what a document repeats, so that a few KB of it can take seconds. Fragments are
 * expanded once in each merged selection set, as validation does.
 * @param document without circles of fragments
 * @param enough counting stops soon after it
 */
export function countRepetition(
  document: DocumentNode,
  operations: readonly OperationDefinitionNode[],
  enough: number,
): number {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  let pairs = 0

  function collect(
    { selections }: SelectionSetNode,
    groups: Map<string, FieldNode[]>,
    visited: Set<string>,
  ): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value
        const group = groups.get(key)
        if (group) group.push(selection)
        else groups.set(key, [selection])
      } else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet, groups, visited)
      else {
        const name = selection.name.value
        const fragment = fragments.get(name)
        if (!fragment || visited.has(name)) continue
        visited.add(name)
        collect(fragment.selectionSet, groups, visited)
      }
    }
  }

  function merge(sets: readonly SelectionSetNode[]): void {
    const groups = new Map<string, FieldNode[]>()
    const visited = new Set<string>()
    for (const set of sets) collect(set, groups, visited)
    for (const fields of groups.values()) {
      pairs += (fields.length * (fields.length - 1)) / 2
      if (pairs > enough) return
      const inner = fields.flatMap(({ selectionSet }) => (selectionSet ? [selectionSet] : []))
      if (inner.length > 0) merge(inner)
    }
  }

  for (const { selectionSet } of operations) merge([selectionSet])
  return pairs
}
