import {
  type ExecutionResult,
  type FieldNode,
  GraphQLError,
  type GraphQLOutputType,
  type GraphQLSchema,
  type GraphQLType,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql'
import type { Operation } from '../operation.ts'
import type { Joins } from '../supergraph/joins.ts'
import { fieldsOf, responseKey } from './operation-text.ts'
import type { Projection } from './projection/projection.ts'
import { fragmentsOf } from './projection/projection.ts'
import { type ProjectionFault, ProjectionState } from './projection/state.ts'
import type { Entity, ResponsePath, Run } from './run.ts'

export interface AnswerOptions {
  readonly operation: Operation
  readonly schema: GraphQLSchema
  readonly joins: Joins
  readonly projection: Projection
}

/** Makes the client's answer of a finished run. */
export function createAnswer(options: AnswerOptions): (run: Run) => ExecutionResult {
  const { projection } = options
  let findPlace: FindPlace | undefined
  return (run) => {
    const state = new ProjectionState(run.data, run.variables)
    const data = projection(state)
    if (run.faults.length === 0 && state.count === 0) return { data }
    findPlace ??= createFindPlace(options)
    return { data, errors: errorsOf(run, state.faults, findPlace) }
  }
}

function errorsOf(
  { faults, data }: Run,
  projected: readonly ProjectionFault[],
  findPlace: FindPlace,
): readonly GraphQLError[] {
  const errors: GraphQLError[] = []
  const explained = new ExplainedPaths()
  const reported = new Set<string>()
  for (const { message, path, extensions } of faults) {
    const { visible, nulled } = path ? findPlace(path, data) : { visible: undefined, nulled: [] }
    explained.add(nulled)
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

/** A place in the data tree, for the client. */
interface Place {
  /** The part of its path that the client asked for. */
  readonly visible: ResponsePath
  /** How far up an error there makes the answer null: to the next field that may be (GraphQL specification §6.4.4). */
  readonly nulled: ResponsePath
}

type FindPlace = (path: ResponsePath, data: Entity) => Place

/** Fields fetched only for @requires, or for objects of other types, are not the client's: the path ends above them. */
function createFindPlace({ operation, schema, joins }: AnswerOptions): FindPlace {
  const fragments = fragmentsOf(operation)
  const root = schema.getRootType(operation.definition.operation)
  return (path, data) => {
    let selections: readonly SelectionSetNode[] = [operation.definition.selectionSet]
    let value: unknown = data
    let type: GraphQLOutputType | undefined = root ?? undefined
    let nullable = 0
    for (const [index, segment] of path.entries()) {
      if (typeof segment === 'string') {
        const name = read(value, '__typename')
        const applies = (condition: string) =>
          typeof name !== 'string' || joins.possibleTypes(condition).has(name)
        const fields = selections
          .flatMap((selectionSet) => fieldsOf(selectionSet, fragments, applies))
          .filter((field) => responseKey(field) === segment)
        const [field] = fields
        if (!field) return { visible: path.slice(0, index), nulled: path.slice(0, nullable) }
        selections = fields.flatMap(({ selectionSet }) => (selectionSet ? [selectionSet] : []))
        type = fieldType(typeof name === 'string' ? (schema.getType(name) ?? type) : type, field)
      } else type = itemType(type)
      if (!isNonNullType(type)) nullable = index + 1
      value = read(value, segment)
    }
    return { visible: path, nulled: path.slice(0, nullable) }
  }
}

function fieldType(parent: GraphQLType | undefined, { name }: FieldNode): GraphQLOutputType | undefined {
  const type = parent && getNamedType(parent)
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name.value]?.type : undefined
}

function itemType(type: GraphQLOutputType | undefined): GraphQLOutputType | undefined {
  const list = type && getNullableType(type)
  return isListType(list) ? list.ofType : undefined
}

function read(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string | number, unknown>)[key]
}

/** Paths that errors of subgraphs made null: a missing value above or below one of them is no news. */
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
