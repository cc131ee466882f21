import type { QueryPlannerFactory } from './planner.ts'

/** Planners by the name that the command line gives them, loaded when asked for. */
export const planners = new Map<string, () => Promise<QueryPlannerFactory>>([
  ['hive', async () => (await import('./planner.hive.ts')).hivePlanner],
  ['apollo', async () => (await import('./planner.apollo.ts')).apolloPlanner],
])
