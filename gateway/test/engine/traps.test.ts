import { afterAll, describe, expect, test } from 'vitest'
import {
  type Asker,
  createAsker,
  planners,
  type Service,
  type Subgraphs,
  startSubgraphs,
} from './federation.ts'

const opened: (Asker | Subgraphs)[] = []
afterAll(async () => {
  for (const each of opened) await each.close()
})

type Keyed = Record<string, unknown>

describe.each(Object.entries(planners))('With %s’s plans', (_, planner) => {
  async function open(services: Readonly<Record<string, Service>>) {
    const subgraphs = await startSubgraphs(services)
    const asker = createAsker(subgraphs, planner)
    opened.push(asker, subgraphs)
    return { ask: asker.ask, seen: subgraphs.seen }
  }

  test('fields of different types under one name are fetched apart and answered under that name', async () => {
    const accounts = [
      { __typename: 'Member', id: 'm1', level: 3, boss: { __typename: 'Robot', id: 7, level: 'top' } },
      { __typename: 'Robot', id: 9, level: 'low', boss: null },
    ]
    const { ask } = await open({
      one: {
        sdl: `
          type Query { accounts: [Account!]! }
          union Account = Member | Robot
          type Member { id: ID! level: Int boss: Account }
          type Robot { id: Int level: String boss: Account }`,
        resolvers: { Query: { accounts: () => accounts } },
      },
    })
    const { data, errors } = await ask(
      '{ accounts { ... on Member { id level boss { ... on Member { id } ... on Robot { n: id } } } ... on Robot { n: id power: level } } }',
    )
    expect(errors).toBeUndefined()
    expect(data).toEqual({
      accounts: [
        { id: 'm1', level: 3, boss: { n: 7 } },
        { n: 9, power: 'low' },
      ],
    })
  })

  test('an entity is reached over another key when the subgraphs share none', async () => {
    const { ask } = await open({
      ids: {
        sdl: 'type Query { items: [Item!]! } type Item @key(fields: "id") { id: ID! }',
        resolvers: { Query: { items: () => [{ id: '1' }, { id: '2' }] } },
      },
      bridge: {
        sdl: `
          type Item @key(fields: "id") @key(fields: "shelf { row } place") { id: ID! shelf: Shelf! place: Int! }
          type Shelf { row: String! }`,
        resolvers: {
          Item: {
            __resolveReference: ({ id }: Keyed) => ({
              id,
              shelf: { row: `row ${id}` },
              place: Number(id) * 10,
            }),
          },
        },
      },
      places: {
        sdl: `
          type Item @key(fields: "shelf { row } place") { shelf: Shelf! place: Int! label: String }
          type Shelf { row: String! }`,
        resolvers: {
          Item: {
            __resolveReference: ({ shelf, place }: { shelf: Keyed; place: number }) => ({
              shelf,
              place,
              label: `${shelf.row} at ${place}`,
            }),
          },
        },
      },
    })
    expect(await ask('{ items { label } }')).toEqual({
      data: { items: [{ label: 'row 1 at 10' }, { label: 'row 2 at 20' }] },
    })
  })

  test('entities whose key is null, and those that are gone, answer null without a question too many', async () => {
    const { ask, seen } = await open({
      lists: {
        sdl: 'type Query { items: [Item] } type Item @key(fields: "id") { id: ID }',
        resolvers: {
          Query: { items: () => [{ id: null }, null, { id: '1' }, { id: 'gone' }, { id: null }] },
        },
      },
      names: {
        sdl: 'type Item @key(fields: "id") { id: ID name: String }',
        resolvers: {
          Item: {
            __resolveReference: ({ id }: Keyed) => (id === 'gone' ? null : { id, name: `item ${id}` }),
          },
        },
      },
    })
    expect(await ask('{ items { name } }')).toEqual({
      data: { items: [{ name: null }, null, { name: 'item 1' }, { name: null }, { name: null }] },
    })
    const [request] = seen.filter(({ service }) => service === 'names')
    expect(Object.values(request?.variables ?? {})).toEqual([
      [
        { __typename: 'Item', id: '1' },
        { __typename: 'Item', id: 'gone' },
      ],
    ])
  })

  test('@requires reads into lists of objects of several types', async () => {
    const { ask } = await open({
      parts: {
        sdl: `
          type Query { machine: Machine }
          type Machine @key(fields: "id") { id: ID! parts: [Part!]! spare: Part }
          interface Part { code: String! }
          type Wheel implements Part { code: String! size: Int! }
          type Plate implements Part { code: String! depth: Float! }`,
        resolvers: {
          Query: {
            machine: () => ({
              id: 'm',
              parts: [
                { __typename: 'Wheel', code: 'w', size: 3 },
                { __typename: 'Plate', code: 'p "quoted" \u2028', depth: 0.5 },
              ],
              spare: null,
            }),
          },
        },
      },
      weights: {
        sdl: `
          type Machine @key(fields: "id") {
            id: ID!
            parts: [Part!]! @external
            spare: Part @external
            summary: String @requires(fields: "parts { code ... on Wheel { size } ... on Plate { depth } } spare { code }")
          }
          interface Part { code: String! @external }
          type Wheel implements Part { code: String! @external size: Int! @external }
          type Plate implements Part { code: String! @external depth: Float! @external }`,
        resolvers: {
          Machine: {
            __resolveReference: (reference: Keyed) => reference,
            summary: ({ parts, spare }: Keyed) =>
              JSON.stringify([
                (parts as Keyed[]).map(({ code, size, depth }) => ({ code, size, depth })),
                spare,
              ]),
          },
        },
      },
    })
    const { data, errors } = await ask('{ machine { summary } }')
    expect(errors).toBeUndefined()
    const { machine } = data as { machine: { summary: string } }
    expect(JSON.parse(machine.summary)).toEqual([
      [
        { code: 'w', size: 3 },
        { code: 'p "quoted" \u2028', depth: 0.5 },
      ],
      null,
    ])
  })

  test('objects that several subgraphs know in part are made whole', async () => {
    const { ask } = await open({
      left: {
        sdl: `
          type Query { settings: Settings @shareable }
          type Settings @shareable { theme: Theme left: Int }
          type Theme @shareable { name: String dark: Boolean }`,
        resolvers: { Query: { settings: () => ({ theme: { name: 'sea', dark: true }, left: 1 }) } },
      },
      right: {
        sdl: `
          type Query { settings: Settings @shareable }
          type Settings @shareable { theme: Theme right: [Int!] }
          type Theme @shareable { name: String accent: String }`,
        resolvers: { Query: { settings: () => ({ theme: { name: 'sea', accent: 'blue' }, right: [1, 2] }) } },
      },
    })
    expect(await ask('{ settings { theme { dark accent name } left right } }')).toEqual({
      data: { settings: { theme: { dark: true, accent: 'blue', name: 'sea' }, left: 1, right: [1, 2] } },
    })
  })

  test('a response key may have the name of the prototype', async () => {
    const { ask } = await open({
      one: {
        sdl: 'type Query { a: A } type A @key(fields: "id") { id: ID! }',
        resolvers: { Query: { a: () => ({ id: '1' }) } },
      },
      two: {
        sdl: 'type A @key(fields: "id") { id: ID! b: Int c: A }',
        resolvers: { A: { __resolveReference: ({ id }: Keyed) => ({ id, b: 5, c: { id, b: 6 } }) } },
      },
    })
    const { data } = await ask('{ __proto__: a { __proto__: b hasOwnProperty: c { __proto__: b } } }')
    expect(JSON.stringify(data)).toBe('{"__proto__":{"__proto__":5,"hasOwnProperty":{"__proto__":6}}}')
  })

  test('values of custom scalars pass as they are, and wrong types of the others are refused', async () => {
    const { ask } = await open({
      values: {
        sdl: `
          scalar JSON
          type Query { json: JSON id: ID int: Int text: String list: [Int!] broken: Int flag: Boolean }`,
        resolvers: { Query: {} },
      },
    })
    const answers = {
      json: JSON.parse('{"__proto__":[1,{"a":null}]}'),
      id: 7,
      int: 1.5,
      text: 5,
      list: [1, null],
      flag: 'yes',
    }
    const subgraphs = opened.at(-1) as Subgraphs
    subgraphs.intercept((_, response) => {
      response.end(JSON.stringify({ data: answers }))
      return true
    })
    const { data, errors } = await ask('{ json id int text list flag }')
    subgraphs.restore()
    expect(JSON.stringify(data)).toBe(
      '{"json":{"__proto__":[1,{"a":null}]},"id":"7","int":null,"text":"5","list":null,"flag":null}',
    )
    expect(errors?.map(({ path }) => path?.join('.'))).toEqual(['int', 'list.1', 'flag'])
  })
})
