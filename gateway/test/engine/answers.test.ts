import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Asker, createAsker, planners, type Subgraphs, startSubgraphs } from './federation.ts'
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

  /** The answer's data, and what reached the subgraphs for it. */
  async function ask(query: string, variables?: Record<string, unknown>) {
    subgraphs.seen.length = 0
    const { data, errors } = await asker.ask(query, { variables })
    expect(errors).toBeUndefined()
    return { data, seen: [...subgraphs.seen] }
  }
  const toService = (seen: Subgraphs['seen'], service: string) =>
    seen.filter((each) => each.service === service)

  test('an entity that stands in many places is asked for once', async () => {
    const { data, seen } = await ask('{ ships { watches { name } } }')
    expect(data).toEqual({
      ships: [
        { watches: [[{ name: 'Sailor p1' }, { name: 'Sailor p2' }], [], [{ name: 'Sailor p1' }]] },
        { watches: [[{ name: 'Sailor p3' }]] },
        { watches: [[{ name: 'Sailor p3' }]] },
      ],
    })
    expect(toService(seen, 'crew')).toHaveLength(1)
    const [request] = toService(seen, 'crew')
    const ids = Object.values(request?.variables ?? {}).flatMap((list) =>
      (list as { id: string }[]).map(({ id }) => id),
    )
    expect(ids).toEqual(['p1', 'p2', 'p3'])
  })

  test('nothing is sent for entities that are not there', async () => {
    const { data, seen } = await ask('{ ship(id: "none") { captain { name } flag } }')
    expect(data).toEqual({ ship: null })
    expect(seen.map(({ service }) => service)).toEqual(['fleet'])
    const other = await ask('{ ship(id: "s3") { captain { name } } }')
    expect(other.data).toEqual({ ship: { captain: null } })
    expect(other.seen).toHaveLength(1)
  })

  test('entity fetches of different places to one subgraph go as one request', async () => {
    const { data, seen } = await ask(
      '{ ship(id: "s1") { captain { name } sister { captain { rank } } watches { friends { id } } } }',
    )
    expect(data).toEqual({
      ship: {
        captain: { name: 'Sailor p1' },
        sister: { captain: { rank: 2 } },
        watches: [
          [{ friends: [{ id: 'p2' }, { id: 'p3' }] }, { friends: [{ id: 'p1' }] }],
          [],
          [{ friends: [{ id: 'p2' }, { id: 'p3' }] }],
        ],
      },
    })
    expect(toService(seen, 'crew')).toHaveLength(1)
  })

  test('@requires hands over what another subgraph knows, with the required arguments', async () => {
    const { data } = await ask('{ ships { load } }')
    expect(data).toEqual({
      ships: [{ load: 'Ship s1 loads 300' }, { load: 'Ship s2 loads 600' }, { load: 'Ship s3 loads 150' }],
    })
  })

  test('an interface object’s fields come with every type of the interface', async () => {
    const { data } = await ask(
      '{ inspected { __typename name inspections { year inspector { name } } ... on Boat { oars } ... on Ship { length } } }',
    )
    const inspections = [
      { year: 2020, inspector: { name: 'Sailor p2' } },
      { year: 2021, inspector: null },
    ]
    expect(data).toEqual({
      inspected: [
        { __typename: 'Ship', name: 'Ship s1', inspections, length: 100 },
        { __typename: 'Boat', name: 'Boat b1', inspections, oars: 4 },
      ],
    })
    const asked = await ask('{ inspected { id flag } }')
    expect(asked.data).toEqual({
      inspected: [
        { id: 's1', flag: 'flag of s1' },
        { id: 'b1', flag: 'flag of b1' },
      ],
    })
    expect(asked.seen.map(({ service }) => service)).toEqual(['registry'])
  })

  test('unions and interfaces are told apart by type', async () => {
    const { data } = await ask(
      '{ things { ... on Ship { name flag } ... on Sailor { friends { name } } ... on Boat { owner { rank } } } }',
    )
    expect(data).toEqual({
      things: [
        { name: 'Ship s2', flag: 'flag of s2' },
        { owner: { rank: 3 } },
        { friends: [{ name: 'Sailor p2' }, { name: 'Sailor p3' }] },
      ],
    })
  })

  test('@skip and @include decide by variables what is fetched and answered', async () => {
    const query = `query ($names: Boolean! = false, $flags: Boolean!) {
      ship(id: "s1") { captain @skip(if: $flags) { rank ... @include(if: $names) { name } } flag @include(if: $flags) } }`
    const flags = await ask(query, { flags: true })
    expect(flags.data).toEqual({ ship: { flag: 'flag of s1' } })
    expect(toService(flags.seen, 'crew')).toEqual([])
    const names = await ask(query, { flags: false, names: true })
    expect(names.data).toEqual({ ship: { captain: { rank: 1, name: 'Sailor p1' } } })
    expect(toService(names.seen, 'registry')).toEqual([])
    const neither = await ask(query, { flags: false })
    expect(neither.data).toEqual({ ship: { captain: { rank: 1 } } })
  })

  test('variables reach the subgraphs that use them', async () => {
    const { data } = await ask(
      'query ($unit: Unit!, $first: Int) { ship(id: "s1") { length(unit: $unit) captain { friends(first: $first) { id } } } }',
      { unit: 'FOOT', first: 1 },
    )
    expect(data).toEqual({ ship: { length: 300, captain: { friends: [{ id: 'p2' }, { id: 'p3' }] } } })
  })

  test('the answer has the order of the operation, aliases and repeated fields as asked', async () => {
    const { data } = await ask(
      '{ b: ship(id: "s2") { flag z: id name } a: ship(id: "s1") { captain { name } captain { id } id } }',
    )
    expect(JSON.stringify(data)).toBe(
      '{"b":{"flag":"flag of s2","z":"s2","name":"Ship s2"},"a":{"captain":{"name":"Sailor p1","id":"p1"},"id":"s1"}}',
    )
  })

  test('response keys that every object inherits are keys like others', async () => {
    const { data } = await ask(
      '{ constructor: ship(id: "s1") { toString: name valueOf: flag hasOwnProperty: captain { name } } }',
    )
    expect(JSON.stringify(data)).toBe(
      '{"constructor":{"toString":"Ship s1","valueOf":"flag of s1","hasOwnProperty":{"name":"Sailor p1"}}}',
    )
    const absent = await ask('{ ship(id: "s3") { constructor: captain { name } toString: kind } }')
    expect(JSON.stringify(absent.data)).toBe('{"ship":{"constructor":null,"toString":null}}')
  })

  test('enum values and fields that are @inaccessible stay unseen', async () => {
    const { data } = await ask('{ kinds ships { kind } }')
    expect(data).toEqual({
      kinds: ['CARGO', null],
      ships: [{ kind: 'CARGO' }, { kind: 'CARGO' }, { kind: null }],
    })
    await expect(ask('{ ships { hidden } }')).rejects.toThrow('Cannot query field "hidden"')
  })

  test('introspection is answered by the gateway, beside other fields and in fragments', async () => {
    const { data, seen } = await ask(
      `query ($name: String = "Ship") { ...Root ship(id: "s1") { id } }
       fragment Root on Query { __typename one: __type(name: $name) { name fields { name } } __schema { queryType { name } } }`,
    )
    expect(data).toMatchObject({
      __typename: 'Query',
      one: { name: 'Ship' },
      __schema: { queryType: { name: 'Query' } },
      ship: { id: 's1' },
    })
    expect(JSON.stringify(data)).not.toContain('hidden')
    expect(seen.map(({ service }) => service)).toEqual(['fleet'])
    expect((await ask('{ __typename }')).seen).toEqual([])
  })

  test('fields of a mutation run one after the other, each once', async () => {
    const { data, seen } = await ask(
      'mutation { a: promote(id: "p1") { name } b: rename(id: "s1", name: "x") { name flag } c: promote(id: "p2") { rank } }',
    )
    expect(data).toEqual({
      a: { name: 'Sailor p1' },
      b: { name: 'Ship s1', flag: 'flag of s1' },
      c: { rank: 2 },
    })
    const fields = seen.map(({ query }) => /promote|rename/.exec(query)?.[0]).filter(Boolean)
    expect(fields).toEqual(['promote', 'rename', 'promote'])
  })
})
