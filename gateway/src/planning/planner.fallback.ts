import { metrics } from '@movieverse/kit/metrics'
import { Counter } from 'prom-client'
import { QueryPlanError, type QueryPlanner, type QueryPlannerFactory } from './planner.ts'

const PLANNED_SECOND = 'movieverse_gateway_fallback_plans_total'

/**
 * What the first planner refuses is planned by the second, which is loaded and built when it is first needed: valid
 * operations are refused by one planner now and then, seldom by both. Counted on the process's `/metrics`.
 * @returns a planner that throws the first one's QueryPlanError where both refuse
 */
export function withFallback(
  first: QueryPlannerFactory,
  loadSecond: () => Promise<QueryPlannerFactory>,
): QueryPlannerFactory {
  const planned = plansBySecond()
  return (supergraph) => {
    const planner = first(supergraph)
    let second: Promise<QueryPlanner> | undefined
    return {
      async plan(document, operationName) {
        try {
          return await planner.plan(document, operationName)
        } catch (refusal) {
          second ??= loadSecond().then((factory) => factory(supergraph))
          try {
            const plan = await (await second).plan(document, operationName)
            planned.inc({ outcome: 'planned' })
            return plan
          } catch (error) {
            planned.inc({ outcome: 'refused' })
            if (error instanceof QueryPlanError) throw refusal
            throw error
          }
        }
      },
    }
  }
}

function plansBySecond(): Counter<'outcome'> {
  metrics.removeSingleMetric(PLANNED_SECOND)
  return new Counter({
    name: PLANNED_SECOND,
    help: 'Operations that the first query planner refused and the second was asked for, by what came of it',
    labelNames: ['outcome'],
    registers: [metrics],
  })
}
