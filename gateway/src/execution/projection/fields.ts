import {
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type SelectionSetNode,
} from 'graphql'

/** A Boolean variable that must have this value. */
export interface Condition {
  readonly variable: string
  readonly value: boolean
}

/** A field as it stands in the document, with what must hold for it to be answered. */
export interface SelectedField {
  readonly node: FieldNode
  readonly conditions: readonly Condition[]
}

/** All selections of one response key on one type. */
export interface ResponseField {
  readonly key: string
  readonly name: string
  readonly selected: readonly SelectedField[]
}

/** Selection sets that are answered together, each under its conditions. */
export interface Selection {
  readonly selectionSet: SelectionSetNode
  readonly conditions: readonly Condition[]
}

/** CollectFields (GraphQL specification §6.3.2), with conditions left open until variables are known. */
export function collectFields(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  type: GraphQLObjectType | GraphQLInterfaceType,
  selections: readonly Selection[],
): readonly ResponseField[] {
  const fields = new Map<string, { name: string; selected: SelectedField[] }>()

  const collect = ({ selectionSet, conditions }: Selection): void => {
    for (const node of selectionSet.selections) {
      const all = conditionsOf(node.directives, conditions)
      if (all === undefined) continue
      if (node.kind === Kind.FIELD) {
        const key = (node.alias ?? node.name).value
        const known = fields.get(key)
        if (known) known.selected.push({ node, conditions: all })
        else fields.set(key, { name: node.name.value, selected: [{ node, conditions: all }] })
        continue
      }
      const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value)
      if (fragment && applies(schema, fragment.typeCondition?.name.value, type))
        collect({ selectionSet: fragment.selectionSet, conditions: all })
    }
  }
  for (const selection of selections) collect(selection)
  return [...fields].map(([key, field]) => ({ key, ...field }))
}

/** True when the answer for an object of this interface depends on which type it has. */
export function asksForType(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  type: GraphQLInterfaceType,
  selections: readonly Pick<Selection, 'selectionSet'>[],
): boolean {
  return selections.some(({ selectionSet }) =>
    selectionSet.selections.some((node) => {
      if (node.kind === Kind.FIELD) return node.name.value === '__typename'
      const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value)
      if (!fragment) return false
      return (
        !applies(schema, fragment.typeCondition?.name.value, type) ||
        asksForType(schema, fragments, type, [fragment])
      )
    }),
  )
}

/** Sub-selections of a response field. A field selected once is projected only when its conditions hold. */
export function subselections({ selected }: ResponseField): readonly Selection[] {
  return selected.flatMap(({ node, conditions }) =>
    node.selectionSet
      ? [{ selectionSet: node.selectionSet, conditions: selected.length === 1 ? [] : conditions }]
      : [],
  )
}

/** True when the field is answered whatever the variables are. */
export function isUnconditional(field: ResponseField): boolean {
  return field.selected.some((selected) => selected.conditions.length === 0)
}

function applies(
  schema: GraphQLSchema,
  condition: string | undefined,
  type: GraphQLObjectType | GraphQLInterfaceType,
): boolean {
  if (condition === undefined || condition === type.name) return true
  const named = schema.getType(condition)
  return isAbstractType(named) && schema.isSubType(named, type)
}

/** @returns undefined when a literal says that the node is never answered */
function conditionsOf(
  directives: readonly DirectiveNode[] | undefined,
  outer: readonly Condition[],
): readonly Condition[] | undefined {
  if (!directives || directives.length === 0) return outer
  const conditions = [...outer]
  for (const directive of directives) {
    const wanted =
      directive.name.value === 'include' ? true : directive.name.value === 'skip' ? false : undefined
    if (wanted === undefined) continue
    const value = directive.arguments?.find((argument) => argument.name.value === 'if')?.value
    if (value?.kind === Kind.BOOLEAN && value.value !== wanted) return undefined
    if (value?.kind === Kind.VARIABLE) {
      const variable = value.name.value
      if (conditions.some((known) => known.variable === variable && known.value !== wanted)) return undefined
      if (!conditions.some((known) => known.variable === variable))
        conditions.push({ variable, value: wanted })
    }
  }
  return conditions
}
