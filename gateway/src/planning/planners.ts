import { withFallback } from './planner.fallback.ts'
import type { QueryPlannerFactory } from './planner.ts'

const apollo = async (): Promise<QueryPlannerFactory> => (await import('./planner.apollo.ts')).apolloPlanner

/**
 * Hive's planner, and Apollo's for the one in 2,000 operations that Hive's refuses. It is native and not built for every
 * platform (musl, Windows): there Apollo's takes its place.
 */
async function hive(): Promise<QueryPlannerFactory> {
  try {
    return withFallback((await import('./planner.hive.ts')).hivePlanner, apollo)
  } catch (error) {
    if (!(error instanceof Error && /native binding|WASI binding/i.test(error.message))) throw error
    process.emitWarning("Hive's query planner has no build for this platform; Apollo's is used.")
    return apollo()
  }
}

/** Planners by the name that the command line gives them, loaded when asked for. */
export const planners: ReadonlyMap<string, () => Promise<QueryPlannerFactory>> = new Map([
  ['hive', hive],
  ['apollo', apollo],
])
