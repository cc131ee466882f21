import {
  type BatchFetchNode,
  type FetchNode,
  type FetchRewrite,
  type FlattenNodePathSegment,
  type PlanNode as HiveNode,
  QueryPlanner as NativePlanner,
  type RequiresSelection,
} from '@graphql-hive/router-query-planner'
import { print } from 'graphql'
import { supergraphJoins } from '../supergraph/read.ts'
import { completeInterfaceObjects } from './interface-objects.ts'
import { withoutRepeatedConditions } from './plain-conditions.ts'
import type { EntitySet, Path, PathSegment, PlanNode, Requirement, Rewrite } from './plan.ts'
import { QueryPlanError, type QueryPlannerFactory } from './planner.ts'

/** `@override(label:)` is not rolled out in steps here: no label is active. */
const NO_LABELS: ReadonlySet<string> = new Set()

/**
 * Hive Router's planner, a native module: plans in about a millisecond off the event loop, and joins the
 * entity fetches that go to one subgraph at one time.
 */
export const hivePlanner: QueryPlannerFactory = (supergraph) => {
  const native = new NativePlanner(supergraph.sdl)
  const joins = supergraphJoins(supergraph)
  return {
    async plan(document, operationName) {
      try {
        const plan = await native.planAsync(
          print(withoutRepeatedConditions(document, supergraph.schema)),
          operationName,
          new Set(NO_LABELS),
          0,
        )
        return plan.node && completeInterfaceObjects(planNode(plan.node, []), document, joins)
      } catch (error) {
        if (error instanceof QueryPlanError) throw error
        throw new QueryPlanError(error instanceof Error ? error.message : String(error), { cause: error })
      }
    },
  }
}

function planNode(node: HiveNode, path: Path): PlanNode {
  switch (node.kind) {
    case 'Sequence':
      return { kind: 'sequence', nodes: node.nodes.map((child) => planNode(child, path)) }
    case 'Parallel':
      return { kind: 'parallel', nodes: node.nodes.map((child) => planNode(child, path)) }
    case 'Flatten':
      return planNode(node.node, [...path, ...node.path.map(pathSegment)])
    case 'Condition':
      return {
        kind: 'condition',
        variable: node.condition,
        whenTrue: node.ifClause ? planNode(node.ifClause, path) : undefined,
        whenFalse: node.elseClause ? planNode(node.elseClause, path) : undefined,
      }
    case 'Fetch':
      return fetchNode(node, path)
    case 'BatchFetch':
      return { kind: 'entities', ...fetchOf(node), sets: batchSets(node) }
    default:
      throw new QueryPlanError(`plan nodes of kind ${node.kind} are not supported`)
  }
}

function fetchOf(node: FetchNode | BatchFetchNode) {
  return {
    service: node.serviceName,
    operation: node.operation,
    operationName: node.operationName ?? undefined,
    operationKind: node.operationKind === 'mutation' ? ('mutation' as const) : ('query' as const),
    variables: node.variableUsages ?? [],
  }
}

function fetchNode(node: FetchNode, path: Path): PlanNode {
  if (!node.requires) {
    return { kind: 'root', ...fetchOf(node), path, outputRewrites: rewrites(node.outputRewrites) }
  }
  const set: EntitySet = {
    alias: '_entities',
    representations: 'representations',
    paths: [path],
    requires: node.requires.map(requirement),
    inputRewrites: rewrites(node.inputRewrites),
    outputRewrites: rewrites(node.outputRewrites),
  }
  return { kind: 'entities', ...fetchOf(node), sets: [set] }
}

function batchSets(node: BatchFetchNode): readonly EntitySet[] {
  return node.entityBatch.aliases.map((alias) => ({
    alias: alias.alias,
    representations: alias.representationsVariableName,
    paths: alias.paths.map((path) => path.map(pathSegment)),
    requires: alias.requires.map(requirement),
    inputRewrites: rewrites(alias.inputRewrites),
    outputRewrites: rewrites(alias.outputRewrites),
  }))
}

function pathSegment(segment: FlattenNodePathSegment): PathSegment {
  if (segment === '@') return { kind: 'list' }
  if ('Field' in segment) return { kind: 'field', name: segment.Field }
  return { kind: 'types', names: segment.TypeCondition }
}

function requirement(selection: RequiresSelection): Requirement {
  switch (selection.kind) {
    case 'Field': {
      const renamed = selection.alias !== undefined && selection.alias !== null
      return {
        kind: 'field',
        source: selection.name,
        // A field whose arguments clash with the client's is fetched under an internal name, which
        // the plan states as `name` and the subgraph's own name as `alias`.
        fallback: renamed ? selection.alias : undefined,
        target: selection.alias ?? selection.name,
        selections: selection.selections?.length ? selection.selections.map(requirement) : undefined,
      }
    }
    case 'InlineFragment':
      // What a condition left out was not fetched, and what was not fetched is not represented.
      return {
        kind: 'fragment',
        type: selection.typeCondition,
        selections: selection.selections.map(requirement),
      }
    default:
      throw new QueryPlanError(`requirements of kind ${selection.kind} are not supported`)
  }
}

function rewrites(list: readonly FetchRewrite[] | null | undefined): readonly Rewrite[] {
  return (list ?? []).map((rewrite): Rewrite => {
    const setter =
      'ValueSetter' in rewrite ? rewrite.ValueSetter : 'setValueTo' in rewrite ? rewrite : undefined
    if (setter) return { kind: 'set', path: setter.path.map(rewriteSegment), value: setter.setValueTo }
    if ('KeyRenamer' in rewrite) {
      return {
        kind: 'rename',
        path: rewrite.KeyRenamer.path.map(rewriteSegment),
        to: rewrite.KeyRenamer.renameKeyTo,
      }
    }
    throw new QueryPlanError('unknown kind of rewrite')
  })
}

function rewriteSegment(segment: { TypenameEquals: string[] } | { Key: string }): Rewrite['path'][number] {
  return 'Key' in segment
    ? { kind: 'key', name: segment.Key }
    : { kind: 'types', names: segment.TypenameEquals }
}
