/**
 * A query plan as this gateway runs it, whichever planner made it. Flatten nodes are gone: each fetch
 * carries the whole path of what it completes.
 */
export type PlanNode = SequenceNode | ParallelNode | ConditionNode | RootFetchNode | EntityFetchNode

export interface SequenceNode {
  readonly kind: 'sequence'
  readonly nodes: readonly PlanNode[]
}

/** Nodes that do not need each other; they may still complete the same objects. */
export interface ParallelNode {
  readonly kind: 'parallel'
  readonly nodes: readonly PlanNode[]
}

/** Runs `whenTrue` or `whenFalse` by a Boolean variable (@include, @skip). */
export interface ConditionNode {
  readonly kind: 'condition'
  readonly variable: string
  readonly whenTrue: PlanNode | undefined
  readonly whenFalse: PlanNode | undefined
}

interface Fetch {
  readonly service: string
  readonly operation: string
  readonly operationName: string | undefined
  readonly operationKind: 'query' | 'mutation'
  /** Variables of the client that the operation uses. */
  readonly variables: readonly string[]
}

/** Fields of a root type. `path` is empty but where an entity's field leads back to the root type. */
export interface RootFetchNode extends Fetch {
  readonly kind: 'root'
  readonly path: Path
  readonly outputRewrites: readonly Rewrite[]
}

/** One operation over `_entities`, once for each set. */
export interface EntityFetchNode extends Fetch {
  readonly kind: 'entities'
  readonly sets: readonly EntitySet[]
}

export interface EntitySet {
  /** Response key of this set's `_entities`. */
  readonly alias: string
  /** Variable that holds the representations; sets may share one. */
  readonly representations: string
  /** Where the entities are. */
  readonly paths: readonly Path[]
  readonly requires: readonly Requirement[]
  readonly inputRewrites: readonly Rewrite[]
  readonly outputRewrites: readonly Rewrite[]
}

export type Path = readonly PathSegment[]

export type PathSegment =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'list' }
  | { readonly kind: 'types'; readonly names: readonly string[] }

/** What a representation is made of. */
export type Requirement =
  | {
      readonly kind: 'field'
      /** Response key under which the value was fetched; `fallback` when that one is absent. */
      readonly source: string
      readonly fallback: string | undefined
      /** Name that the subgraph knows. */
      readonly target: string
      readonly selections: readonly Requirement[] | undefined
    }
  | {
      readonly kind: 'fragment'
      readonly type: string | undefined
      readonly selections: readonly Requirement[]
    }

export type RewriteSegment =
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'types'; readonly names: readonly string[] }

/** A change to a representation before it is sent, or to an answer before it is merged. */
export type Rewrite =
  | { readonly kind: 'set'; readonly path: readonly RewriteSegment[]; readonly value: unknown }
  | { readonly kind: 'rename'; readonly path: readonly RewriteSegment[]; readonly to: string }

/** Every fetch of a plan, in no order of execution. */
export function fetchesOf(node: PlanNode | undefined): readonly (RootFetchNode | EntityFetchNode)[] {
  if (node === undefined) return []
  switch (node.kind) {
    case 'sequence':
    case 'parallel':
      return node.nodes.flatMap(fetchesOf)
    case 'condition':
      return [...fetchesOf(node.whenTrue), ...fetchesOf(node.whenFalse)]
    default:
      return [node]
  }
}
