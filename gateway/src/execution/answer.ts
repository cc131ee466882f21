import { type ExecutionResult, GraphQLError, type SelectionSetNode } from 'graphql'
import type { Operation } from '../operation.ts'
import type { Joins } from '../supergraph/joins.ts'
import { fieldsOf, responseKey } from './operation-text.ts'
import type { Projection } from './projection/projection.ts'
import { fragmentsOf } from './projection/projection.ts'
import { type ProjectionFault, ProjectionState } from './projection/state.ts'
import type { Entity, ResponsePath, Run } from './run.ts'

/** Makes the client's answer of a finished run. */
export function createAnswer(
  operation: Operation,
  projection: Projection,
  joins: Joins,
): (run: Run) => ExecutionResult {
  let visiblePath: VisiblePath | undefined
  return (run) => {
    const state = new ProjectionState(run.data, run.variables)
    const data = projection(state)
    if (run.faults.length === 0 && state.count === 0) return { data }
    visiblePath ??= createVisiblePath(operation, joins)
    return { data, errors: errorsOf(run, state.faults, visiblePath) }
  }
}

function errorsOf(
  { faults, data }: Run,
  projected: readonly ProjectionFault[],
  visiblePath: VisiblePath,
): readonly GraphQLError[] {
  const errors: GraphQLError[] = []
  const explained = new ExplainedPaths()
  const reported = new Set<string>()
  for (const { message, path, extensions } of faults) {
    const visible = path && visiblePath(path, data)
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

/** The part of a path in the data tree that the client asked for. */
type VisiblePath = (path: ResponsePath, data: Entity) => ResponsePath

/** Fields fetched only for @requires, or for objects of other types, are not the client's: the path ends above them. */
function createVisiblePath(operation: Operation, joins: Joins): VisiblePath {
  const fragments = fragmentsOf(operation)
  return (path, data) => {
    let selections: readonly SelectionSetNode[] = [operation.definition.selectionSet]
    let value: unknown = data
    for (const [index, segment] of path.entries()) {
      if (typeof segment === 'string') {
        const type = read(value, '__typename')
        const applies = (condition: string) =>
          typeof type !== 'string' || joins.possibleTypes(condition).has(type)
        const fields = selections
          .flatMap((selectionSet) => fieldsOf(selectionSet, fragments, applies))
          .filter((field) => responseKey(field) === segment)
        if (fields.length === 0) return path.slice(0, index)
        selections = fields.flatMap(({ selectionSet }) => (selectionSet ? [selectionSet] : []))
      }
      value = read(value, segment)
    }
    return path
  }
}

function read(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string | number, unknown>)[key]
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
