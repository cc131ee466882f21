import {
  type ExecutionResult,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
} from 'graphql'
import type { Operation } from '../operation.ts'
import { fieldsOf, responseKey } from './operation-text.ts'
import type { Projection } from './projection/projection.ts'
import { fragmentsOf } from './projection/projection.ts'
import { type ProjectionFault, ProjectionState } from './projection/state.ts'
import type { Fault, ResponsePath, Run } from './run.ts'

/** Makes the client's answer of a finished run. */
export function createAnswer(operation: Operation, projection: Projection): (run: Run) => ExecutionResult {
  let fragments: ReadonlyMap<string, FragmentDefinitionNode> | undefined
  return (run) => {
    const state = new ProjectionState(run.data, run.variables)
    const data = projection(state)
    if (run.faults.length === 0 && state.count === 0) return { data }
    fragments ??= fragmentsOf(operation)
    return { data, errors: errorsOf(run.faults, state.faults, operation.definition.selectionSet, fragments) }
  }
}

function errorsOf(
  faults: readonly Fault[],
  projected: readonly ProjectionFault[],
  selectionSet: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): readonly GraphQLError[] {
  const errors: GraphQLError[] = []
  const explained = new ExplainedPaths()
  const reported = new Set<string>()
  for (const { message, path, extensions } of faults) {
    const visible = path && visiblePath(path, selectionSet, fragments)
    explained.add(visible ?? [])
    // One fault can be recorded for several fields that the client doesn't see.
    const identity = JSON.stringify([message, visible, extensions])
    if (reported.has(identity)) continue
    reported.add(identity)
    errors.push(new GraphQLError(message, { path: visible?.length ? visible : undefined, extensions }))
  }
  for (const { kind, message, code, reversedPath } of projected) {
    const path = reversedPath.toReversed()
    if (kind === 'missing' && explained.covers(path)) continue
    errors.push(new GraphQLError(message, { path, extensions: { code } }))
  }
  return errors
}

/** The part of a path that the client selected: fields fetched only for @requires are not the client's. */
function visiblePath(
  path: ResponsePath,
  selectionSet: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): ResponsePath {
  let selections: readonly SelectionSetNode[] = [selectionSet]
  for (const [index, segment] of path.entries()) {
    if (typeof segment === 'number') continue
    const fields = selections
      .flatMap((selection) => fieldsOf(selection, fragments))
      .filter((field) => responseKey(field) === segment)
    if (fields.length === 0) return path.slice(0, index)
    selections = fields.flatMap((field) =>
      field.selectionSet?.kind === Kind.SELECTION_SET ? [field.selectionSet] : [],
    )
  }
  return path
}

/** Paths of the errors that subgraphs reported: a missing value above or below one of them is no news. */
class ExplainedPaths {
  readonly #root: PathNode = { ends: false, below: new Map() }

  add(path: ResponsePath): void {
    let node = this.#root
    for (const segment of path) {
      let next = node.below.get(segment)
      if (!next) {
        next = { ends: false, below: new Map() }
        node.below.set(segment, next)
      }
      node = next
    }
    node.ends = true
  }

  covers(path: ResponsePath): boolean {
    let node = this.#root
    for (const segment of path) {
      if (node.ends) return true
      const next = node.below.get(segment)
      if (!next) return false
      node = next
    }
    return true
  }
}

interface PathNode {
  ends: boolean
  readonly below: Map<string | number, PathNode>
}
