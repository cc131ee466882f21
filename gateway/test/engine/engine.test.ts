import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../src/execution/engine.ts'
import { hivePlanner } from '../../src/planning/planner.hive.ts'
import { QueryPlanError } from '../../src/planning/planner.ts'
import { createSubgraphTransport } from '../../src/transport/subgraphs.ts'
import {
  type Asker,
  contextOf,
  createAsker,
  operationOf,
  planners,
  type Subgraphs,
  startSubgraphs,
} from './federation.ts'
import { createHarbour } from './harbour.ts'

let subgraphs: Subgraphs
beforeAll(async () => {
  subgraphs = await startSubgraphs(createHarbour().services)
})
afterAll(() => subgraphs.close())

describe.each(Object.entries(planners))('With %s’s plans', (_, planner) => {
  let asker: Asker
  beforeAll(() => {
    asker = createAsker(subgraphs, planner)
  })
  afterAll(() => asker.close())
  const toService = (service: string) => subgraphs.seen.filter((each) => each.service === service)

  test('denied fields are not fetched, and answer null with their code wherever they stand', async () => {
    subgraphs.seen.length = 0
    const { data, errors } = await asker.ask(
      '{ ships { id flag } ship(id: "s1") { captain { name } ...F } } fragment F on Ship { flag }',
      { deny: (field) => (field === 'flag' ? 'FORBIDDEN' : undefined) },
    )
    expect(data).toEqual({
      ships: [
        { id: 's1', flag: null },
        { id: 's2', flag: null },
        { id: 's3', flag: null },
      ],
      ship: { captain: { name: 'Sailor p1' }, flag: null },
    })
    expect(errors?.map(({ path, extensions }) => [path?.join('.'), extensions?.code])).toEqual([
      ['ships.0.flag', 'FORBIDDEN'],
      ['ships.1.flag', 'FORBIDDEN'],
      ['ships.2.flag', 'FORBIDDEN'],
      ['ship.flag', 'FORBIDDEN'],
    ])
    expect(toService('registry')).toEqual([])
  })

  test('a denied field that may not be null takes its object with it; a root field alone is not fetched at all', async () => {
    const deny = (field: string) => (field === 'name' ? ('UNAUTHENTICATED' as const) : undefined)
    const one = await asker.ask('{ ship(id: "s1") { name captain { name } } }', { deny })
    expect(one.data).toEqual({ ship: null })
    expect(one.errors).toMatchObject([{ path: ['ship', 'name'], extensions: { code: 'UNAUTHENTICATED' } }])
    subgraphs.seen.length = 0
    const root = await asker.ask('{ ship(id: "s1") { id } }', {
      deny: (field) => (field === 'ship' ? 'UNAUTHENTICATED' : undefined),
    })
    expect(root).toMatchObject({ data: { ship: null }, errors: [{ path: ['ship'] }] })
    expect(subgraphs.seen).toEqual([])
  })
})

// Apollo's planner fetches such a field once, with whichever argument comes first.
test('@requires with an argument of its own leaves the client’s field alone, planned by Hive', async () => {
  const asker = createAsker(subgraphs, hivePlanner)
  const { data } = await asker.ask('{ ship(id: "s1") { length load } }')
  expect(data).toEqual({ ship: { length: 100, load: 'Ship s1 loads 300' } })
  await asker.close()
})

test('root fields that a plan fetches for an object deep inside are merged there, and so are their errors', async () => {
  const fetch = {
    operationName: undefined,
    operationKind: 'query',
    variables: [],
    outputRewrites: [],
  } as const
  const path = ['ship', 'captain'].map((name) => ({ kind: 'field' as const, name }))
  const asker = createAsker(subgraphs, () => ({
    plan: async () => ({
      kind: 'sequence',
      nodes: [
        {
          ...fetch,
          kind: 'root',
          service: 'fleet',
          path: [],
          operation: '{ ship(id: "s1") { captain { id } } }',
        },
        { ...fetch, kind: 'root', service: 'crew', path, operation: '{ friends: sailors { id } }' },
      ],
    }),
  }))
  const query = '{ ship(id: "s1") { captain { id friends { id } } } }'
  const friends = [{ id: 'p1' }, { id: 'p2' }, { id: 'p3' }]
  expect((await asker.ask(query)).data).toEqual({ ship: { captain: { id: 'p1', friends } } })
  subgraphs.intercept(({ service }, response) => {
    if (service !== 'crew') return false
    response.writeHead(500).end()
    return true
  })
  const { data, errors } = await asker.ask(query)
  subgraphs.restore()
  expect(data).toEqual({ ship: { captain: null } })
  expect(errors).toMatchObject([{ path: ['ship', 'captain', 'friends'] }])
  await asker.close()
})

test('a subscription is answered with a code', async () => {
  const asker = createAsker(subgraphs, hivePlanner)
  const operation = operationOf(subgraphs.supergraph, '{ ships { id } }')
  const compiled = await asker.engine.compile({ ...operation, type: 'subscription', id: 'subscription' })
  const { errors } = await compiled.execute({}, contextOf())
  expect(errors).toMatchObject([{ extensions: { code: 'SUBSCRIPTIONS_NOT_SUPPORTED' } }])
  await asker.close()
})

test('an operation that cannot be planned answers with a code, and its reason stays inside', async () => {
  const reasons: string[] = []
  const transport = createSubgraphTransport()
  const engine = createEngine({
    supergraph: subgraphs.supergraph,
    planner: () => ({ plan: () => Promise.reject(new QueryPlanError('no way from a to b')) }),
    transport,
    onError: (error) => reasons.push(error.message),
  })
  const compiled = await engine.compile(operationOf(subgraphs.supergraph, '{ ships { id } }'))
  const { data, errors } = await compiled.execute({}, contextOf())
  expect(data).toBeNull()
  expect(errors).toMatchObject([
    { message: 'The operation cannot be planned.', extensions: { code: 'QUERY_PLANNING_FAILED' } },
  ])
  expect(reasons).toEqual(['no way from a to b'])
  await transport.close()
})
