import {
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type SelectionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'

/**
 * Dissolves fragments with directives that repeat the type they stand in: Hive's planner finds no way from a
 * type to itself. What they select takes the directives over, or stays in a fragment without a type.
 */
export function withoutRepeatedConditions(document: DocumentNode, schema: GraphQLSchema): DocumentNode {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  const types = new TypeInfo(schema)
  let changed = false

  const dissolve = (selection: SelectionNode): readonly SelectionNode[] => {
    if (selection.kind === Kind.FIELD || !selection.directives?.length) return [selection]
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
    const condition = fragment?.typeCondition?.name.value
    if (!fragment || (condition !== undefined && condition !== types.getParentType()?.name))
      return [selection]
    changed = true
    const { directives } = selection
    const inner = fragment.selectionSet.selections
    if (inner.every((child) => accepts(child, directives))) {
      return inner
        .map((child) => ({ ...child, directives: [...(child.directives ?? []), ...directives] }))
        .flatMap(dissolve)
    }
    return [{ kind: Kind.INLINE_FRAGMENT, directives, selectionSet: fragment.selectionSet }]
  }
  const rewritten = visit(
    document,
    visitWithTypeInfo(types, {
      SelectionSet: (selectionSet) => ({
        ...selectionSet,
        selections: selectionSet.selections.flatMap(dissolve),
      }),
    }),
  )
  return changed ? rewritten : document
}

/** @skip and @include may stand once each. */
function accepts(selection: SelectionNode, directives: readonly DirectiveNode[]): boolean {
  const names = new Set(selection.directives?.map((directive) => directive.name.value))
  return directives.every((directive) => !names.has(directive.name.value))
}
