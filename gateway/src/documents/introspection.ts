import { type DocumentNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql'

/** Whether an operation asks for the schema (`__schema` or `__type`), be it through fragments. */
export function introspects(document: DocumentNode, operation: OperationDefinitionNode): boolean {
  const visited = new Set<string>()
  function asks({ selections }: SelectionSetNode): boolean {
    return selections.some((selection) => {
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value
        // Meta-fields stand at the root only: what is below need not be searched.
        return name === '__schema' || name === '__type'
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) return asks(selection.selectionSet)
      const name = selection.name.value
      if (visited.has(name)) return false
      visited.add(name)
      const fragment = document.definitions.find(
        (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
      )
      return fragment?.kind === Kind.FRAGMENT_DEFINITION && asks(fragment.selectionSet)
    })
  }
  return operation.operation === 'query' && asks(operation.selectionSet)
}
