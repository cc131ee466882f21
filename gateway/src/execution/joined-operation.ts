import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql'
import { type SubgraphResponse, subgraphOperation } from '../transport/transport.ts'
import { type PlannedOperation, readOperation, responseKey, rootKeys } from './operation-text.ts'
import type { FetchOperation, VariableText } from './sender.ts'

/** Several queries in one: names of variables, fragments and root fields begin with the number of their part. */
export interface JoinedOperation {
  readonly operation: FetchOperation
  /** Response keys of each part's root. */
  readonly keys: readonly (readonly string[])[]
}

const prefixOf = (part: number) => `_${part}_`
const PART_KEY = /^_(\d+)_(.*)$/s

/** @returns undefined when a part has a fragment spread at its root, whose fields could not be told apart */
export function joinOperations(parts: readonly PlannedOperation[]): JoinedOperation | undefined {
  const spread = (selectionSet: SelectionSetNode): boolean =>
    selectionSet.selections.some(
      (selection) =>
        selection.kind === Kind.FRAGMENT_SPREAD ||
        (selection.kind === Kind.INLINE_FRAGMENT && spread(selection.selectionSet)),
    )
  if (parts.some(({ definition }) => spread(definition.selectionSet))) return undefined

  const renamed = parts.map(({ document }, part) => prefixed(document, prefixOf(part)))
  const operations = renamed.flatMap(({ definitions }) =>
    definitions.filter(
      (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
    ),
  )
  const fragments = renamed.flatMap(({ definitions }) =>
    definitions.filter(
      (definition): definition is FragmentDefinitionNode => definition.kind === Kind.FRAGMENT_DEFINITION,
    ),
  )
  const [first] = operations
  if (!first) return undefined
  const joined: OperationDefinitionNode = {
    ...first,
    variableDefinitions: operations.flatMap((operation) => operation.variableDefinitions ?? []),
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: operations.flatMap((operation) => operation.selectionSet.selections),
    },
  }
  const text = print({ kind: Kind.DOCUMENT, definitions: [joined, ...fragments] })
  const sent = subgraphOperation(text, first.name?.value, 'query')
  return { operation: { sent, planned: readOperation(text) }, keys: parts.map(rootKeys) }
}

export function joinVariables(parts: readonly (readonly VariableText[])[]): readonly VariableText[] {
  return parts.flatMap((variables, part) =>
    variables.map(([name, json]): VariableText => [prefixOf(part) + name, json]),
  )
}

/** What each part would have been answered alone. Errors that belong to no part go to the first. */
export function divideResponse(
  response: SubgraphResponse,
  { keys }: JoinedOperation,
): readonly SubgraphResponse[] {
  const { data, errors = [] } = response
  const placed = errors.map((error) => {
    const [first, ...below] = error.path ?? []
    const match = typeof first === 'string' ? PART_KEY.exec(first) : null
    return match
      ? { part: Number(match[1]), error: { ...error, path: [match[2] ?? '', ...below] } }
      : { part: 0, error }
  })
  return keys.map((names, part) => {
    const own: Record<string, unknown> = {}
    for (const name of names) {
      const key = prefixOf(part) + name
      if (data && Object.hasOwn(data, key)) own[name] = data[key]
    }
    const mine = placed.filter((candidate) => candidate.part === part).map(({ error }) => error)
    return mine.length > 0 ? { data: own, errors: mine } : { data: own }
  })
}

function prefixed(document: DocumentNode, prefix: string): DocumentNode {
  const rename = <T extends { readonly name: { readonly value: string } }>(node: T): T => ({
    ...node,
    name: { ...node.name, value: prefix + node.name.value },
  })
  const root = (selectionSet: SelectionSetNode): SelectionSetNode => ({
    ...selectionSet,
    selections: selectionSet.selections.map((selection): SelectionNode => {
      if (selection.kind === Kind.INLINE_FRAGMENT)
        return { ...selection, selectionSet: root(selection.selectionSet) }
      if (selection.kind !== Kind.FIELD) return selection
      return { ...selection, alias: { kind: Kind.NAME, value: prefix + responseKey(selection) } }
    }),
  })
  return visit(document, {
    Variable: rename,
    FragmentSpread: rename,
    FragmentDefinition: { leave: rename },
    OperationDefinition: { leave: (node) => ({ ...node, selectionSet: root(node.selectionSet) }) },
  })
}
