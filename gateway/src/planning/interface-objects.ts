import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql'
import { fieldsOf, keysBelow, readOperation, responseKey } from '../execution/operation-text.ts'
import type { Joins } from '../supergraph/joins.ts'
import type { EntityFetchNode, EntitySet, Path, PlanNode, Requirement } from './plan.ts'

/**
 * Hive's planner joins what several types of an interface ask of its interface object into one fetch, but may
 * state the requirement of one of the types only; the others would stay without their fields. This
 * adds the types on which the client selects something that the fetch gives.
 */
export function completeInterfaceObjects(plan: PlanNode, document: DocumentNode, joins: Joins): PlanNode {
  switch (plan.kind) {
    case 'sequence':
    case 'parallel':
      return { ...plan, nodes: plan.nodes.map((node) => completeInterfaceObjects(node, document, joins)) }
    case 'condition':
      return {
        ...plan,
        whenTrue: plan.whenTrue && completeInterfaceObjects(plan.whenTrue, document, joins),
        whenFalse: plan.whenFalse && completeInterfaceObjects(plan.whenFalse, document, joins),
      }
    case 'root':
      return plan
    case 'entities':
      return { ...plan, sets: plan.sets.map((set) => completeSet(set, plan, document, joins)) }
  }
}

function completeSet(
  set: EntitySet,
  fetch: EntityFetchNode,
  document: DocumentNode,
  joins: Joins,
): EntitySet {
  const name = set.inputRewrites
    .flatMap((rewrite) => (rewrite.kind === 'set' ? [rewrite.value] : []))
    .find((value): value is string => typeof value === 'string' && joins.isInterface(value))
  const pattern = set.requires.find((requirement) => requirement.kind === 'fragment')
  if (name === undefined || pattern?.kind !== 'fragment') return set

  const stated = new Set(
    set.requires.flatMap((requirement) =>
      requirement.kind === 'fragment' && requirement.type !== undefined
        ? [...joins.possibleTypes(requirement.type)]
        : [],
    ),
  )
  const given = keysBelow(readOperation(fetch.operation), set.alias)
  const selections = set.paths.map((path) => selectionsAt(document, path))
  const added = [...joins.possibleTypes(name)]
    .filter((type) => !stated.has(type) && !joins.isInterface(type))
    .filter((type) => selections.some((at) => at.some((each) => selects(each, type, given))))
    .map((type): Requirement => ({ ...pattern, type }))
  return added.length === 0 ? set : { ...set, requires: [...set.requires, ...added] }

  function selects(selectionSet: SelectionSetNode, type: string, keys: ReadonlyMap<string, boolean>) {
    const applies = (condition: string) => joins.possibleTypes(condition).has(type)
    return fieldsOf(selectionSet, fragmentsOf(document), applies).some(
      (field) => field.name.value !== '__typename' && keys.has(responseKey(field)),
    )
  }
}

/** The client's selection sets at the end of a path, whatever the types on the way. */
function selectionsAt(document: DocumentNode, path: Path): readonly SelectionSetNode[] {
  const fragments = fragmentsOf(document)
  let selections = document.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? [definition.selectionSet] : [],
  )
  for (const segment of path) {
    if (segment.kind !== 'field') continue
    selections = selections
      .flatMap((selectionSet) => fieldsOf(selectionSet, fragments))
      .flatMap((field) =>
        responseKey(field) === segment.name && field.selectionSet ? [field.selectionSet] : [],
      )
  }
  return selections
}

function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  return fragments
}
