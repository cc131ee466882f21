import { operationFromDocument, Supergraph } from '@apollo/federation-internals'
import {
  type PlanNode as ApolloNode,
  type FetchDataRewrite,
  type FetchNode,
  QueryPlanner as NativePlanner,
  type QueryPlanSelectionNode,
} from '@apollo/query-planner'
import type { Path, PathSegment, PlanNode, Requirement, Rewrite, RewriteSegment } from './plan.ts'
import { QueryPlanError, type QueryPlannerFactory } from './planner.ts'

/** `... on A` in the path of a rewrite. */
const TYPE_CONDITION = /^\.\.\. on (.+)$/
/** `field|[A,B]`: the objects of these types that the field holds. */
const CONDITIONED_FIELD = /^([^|]*)\|\[(.*)\]$/

/**
 * Apollo Gateway's planner: the reference of federation, in JavaScript on the event loop, with tens of
 * milliseconds a plan. Known to answer wrongly where an argument of a @requires field clashes with the client's.
 */
export const apolloPlanner: QueryPlannerFactory = ({ sdl }) => {
  // Which features a router may serve is not the planner's to decide: rights and costs are checked before.
  const supergraph = Supergraph.build(sdl, { supportedFeatures: null, validateSupergraph: false })
  const schema = supergraph.apiSchema()
  const native = new NativePlanner(supergraph)
  return {
    async plan(document, operationName) {
      try {
        const operation = operationFromDocument(schema, document, { operationName })
        const { node } = native.buildQueryPlan(operation)
        if (node?.kind === 'Subscription') throw new QueryPlanError('subscriptions are not planned')
        return node && planNode(node, [])
      } catch (error) {
        if (error instanceof QueryPlanError) throw error
        throw new QueryPlanError(error instanceof Error ? error.message : String(error), { cause: error })
      }
    },
  }
}

function planNode(node: ApolloNode, path: Path): PlanNode {
  switch (node.kind) {
    case 'Sequence':
      return { kind: 'sequence', nodes: node.nodes.map((child) => planNode(child, path)) }
    case 'Parallel':
      return { kind: 'parallel', nodes: node.nodes.map((child) => planNode(child, path)) }
    case 'Flatten':
      return planNode(node.node, [...path, ...node.path.flatMap(pathSegments)])
    case 'Condition':
      return {
        kind: 'condition',
        variable: node.condition,
        whenTrue: node.ifClause && planNode(node.ifClause, path),
        whenFalse: node.elseClause && planNode(node.elseClause, path),
      }
    case 'Fetch':
      return fetchNode(node, path)
    default:
      throw new QueryPlanError(`plan nodes of kind ${node.kind} are not supported`)
  }
}

function fetchNode(node: FetchNode, path: Path): PlanNode {
  if (node.contextRewrites && node.contextRewrites.length > 0) {
    throw new QueryPlanError('@fromContext is not supported')
  }
  const fetch = {
    service: node.serviceName,
    operation: node.operation,
    operationName: node.operationName,
    operationKind: node.operationKind === 'mutation' ? ('mutation' as const) : ('query' as const),
    variables: node.variableUsages ?? [],
  }
  const outputRewrites = rewrites(node.outputRewrites)
  if (!node.requires) return { kind: 'root', ...fetch, path, outputRewrites }
  const set = {
    alias: '_entities',
    representations: 'representations',
    paths: [path],
    requires: node.requires.map(requirement),
    inputRewrites: rewrites(node.inputRewrites),
    outputRewrites,
  }
  return { kind: 'entities', ...fetch, sets: [set] }
}

function pathSegments(segment: string | number): readonly PathSegment[] {
  if (segment === '@') return [{ kind: 'list' }]
  const [, field, types] = CONDITIONED_FIELD.exec(String(segment)) ?? []
  if (types === undefined) return [{ kind: 'field', name: String(segment) }]
  const condition: PathSegment = { kind: 'types', names: types.split(',').map((name) => name.trim()) }
  if (!field) return [condition]
  if (field === '@') return [{ kind: 'list' }, condition]
  return [{ kind: 'field', name: field }, condition]
}

function requirement(selection: QueryPlanSelectionNode): Requirement {
  if (selection.kind === 'InlineFragment') {
    return {
      kind: 'fragment',
      type: selection.typeCondition,
      selections: selection.selections.map(requirement),
    }
  }
  const name = selection.alias ?? selection.name
  const selections = selection.selections?.length ? selection.selections.map(requirement) : undefined
  return { kind: 'field', source: name, fallback: undefined, target: name, selections }
}

function rewrites(list: readonly FetchDataRewrite[] | undefined): readonly Rewrite[] {
  return (list ?? []).map((rewrite): Rewrite => {
    const path = rewrite.path.map((segment): RewriteSegment => {
      const type = TYPE_CONDITION.exec(segment)?.[1]
      return type === undefined ? { kind: 'key', name: segment } : { kind: 'types', names: [type] }
    })
    return rewrite.kind === 'ValueSetter'
      ? { kind: 'set', path, value: rewrite.setValueTo }
      : { kind: 'rename', path, to: rewrite.renameKeyTo }
  })
}
