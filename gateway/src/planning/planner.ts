import type { DocumentNode } from 'graphql'
import type { Supergraph } from '../operation.ts'
import type { PlanNode } from './plan.ts'

/** Makes query plans for one supergraph. Plans of different planners may differ; their answers may not. */
export interface QueryPlanner {
  /**
   * @param document valid against the public schema; holds the operation and no introspection fields at its root
   * @returns undefined when there is nothing to fetch
   * @throws QueryPlanError when the supergraph offers no way to answer
   */
  plan(document: DocumentNode, operationName: string | undefined): Promise<PlanNode | undefined>
}

/** Makes a planner. Building one takes milliseconds (Hive) to seconds (Apollo) on a large supergraph. */
export type QueryPlannerFactory = (supergraph: Supergraph) => QueryPlanner

/** The operation cannot be planned over this supergraph. The message is for operators, not for clients. */
export class QueryPlanError extends Error {
  override readonly name = 'QueryPlanError'
}
