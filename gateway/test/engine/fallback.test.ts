import { metrics } from '@movieverse/kit/metrics'
import { type ExecutionResult, execute, parse } from 'graphql'
import { afterAll, expect, test } from 'vitest'
import { apolloPlanner } from '../../src/planning/planner.apollo.ts'
import { withFallback } from '../../src/planning/planner.fallback.ts'
import { hivePlanner } from '../../src/planning/planner.hive.ts'
import { QueryPlanError, type QueryPlannerFactory } from '../../src/planning/planner.ts'
import { type Asker, createAsker, federatedSchema, type Subgraphs, startSubgraphs } from './federation.ts'
import { createHarbour } from './harbour.ts'

/** Found by random: router-query-planner 0.0.38 finds no path to the fragment's type under two conditions. */
const refusedByHive = `query ($yes: Boolean!, $no: Boolean!) {
  vessels { __typename ... on Boat { name @include(if: $no) oars ...F @skip(if: $yes) } }
}
fragment F on Boat { __typename one: id name @skip(if: $yes) flag @skip(if: $yes) }`

const opened: (Asker | Subgraphs)[] = []
afterAll(async () => {
  for (const each of opened) await each.close()
})

async function openHarbour(planner: QueryPlannerFactory) {
  const harbour = createHarbour()
  const subgraphs = await startSubgraphs(harbour.services)
  const asker = createAsker(subgraphs, planner)
  opened.push(asker, subgraphs)
  const schema = federatedSchema(harbour.monolith.sdl, harbour.monolith.resolvers)
  return {
    ask: (query: string, variables: Record<string, boolean>) => asker.ask(query, { variables }),
    async expected(query: string, variables: Record<string, boolean>): Promise<ExecutionResult> {
      const result = await execute({ schema, document: parse(query), variableValues: variables })
      return JSON.parse(JSON.stringify(result))
    },
  }
}

async function counted(outcome: string): Promise<number> {
  const { values = [] } =
    (await metrics.getSingleMetric('movieverse_gateway_fallback_plans_total')?.get()) ?? {}
  return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0
}

const eachPair = [true, false].flatMap((yes) => [true, false].map((no) => ({ yes, no })))

test('an operation that the first planner refuses is planned by the second, and counted', async () => {
  const alone = await openHarbour(hivePlanner)
  await expect(alone.ask(refusedByHive, { yes: true, no: false })).rejects.toThrow('Failed to plan query')

  const { ask, expected } = await openHarbour(withFallback(hivePlanner, async () => apolloPlanner))
  for (const variables of eachPair)
    expect(await ask(refusedByHive, variables)).toEqual(await expected(refusedByHive, variables))
  expect(await counted('planned')).toBe(1)
})

test('the second planner is loaded when it is needed and not before, once', async () => {
  let loads = 0
  const planner = withFallback(hivePlanner, async () => {
    loads += 1
    return apolloPlanner
  })
  const { ask } = await openHarbour(planner)
  await ask('{ vessels { __typename } }', {})
  expect(loads).toBe(0)
  await ask(refusedByHive, { yes: true, no: true })
  await ask(`# again\n${refusedByHive}`, { yes: true, no: true })
  expect(loads).toBe(1)
})

test('what both refuse is refused for the first one’s reason, and counted', async () => {
  const refusing = (reason: string): QueryPlannerFactory => {
    return () => ({ plan: () => Promise.reject(new QueryPlanError(reason)) })
  }
  const { ask } = await openHarbour(withFallback(refusing('first'), async () => refusing('second')))
  await expect(ask('{ vessels { __typename } }', {})).rejects.toThrow('first')
  expect(await counted('refused')).toBe(1)
})
