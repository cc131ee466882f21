import { Kind, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createCostCompiler } from '../src/limits/cost/cost.ts'
import { readCostModel } from '../src/limits/cost/model.ts'
import { readSupergraph, supergraphDocument } from '../src/supergraph/read.ts'
import { composed } from './composed.ts'

const supergraph = readSupergraph(
  composed({
    shop: `
      type Query {
        shop: Shop
        shops: [Shop!]!
        ten: [Shop!]! @listSize(assumedSize: 10)
        items(first: Int = 5, last: Int): [Item!]! @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
        strict(first: Int, last: Int): [Item!]! @listSize(slicingArguments: ["first", "last"])
        connection(first: Int = 20): ItemConnection! @listSize(slicingArguments: ["first"], sizedFields: ["edges"], requireOneSlicingArgument: false)
        dear: Int @cost(weight: 7)
        dearType: Gold
        search(filter: Filter, text: String @cost(weight: 3)): Int
        node: Node
      }
      type Mutation { save(filter: Filter): Int }
      interface Node { id: ID! }
      type Shop implements Node { id: ID! items(first: Int = 3): [Item!]! @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false) owner: Shop }
      type Item implements Node { id: ID! tags: [String!]! }
      type ItemConnection { edges: [ItemEdge!]! total: Int }
      type ItemEdge { node: Item cursor: String }
      type Gold @cost(weight: 40) { weight: Int }
      input Filter { name: String deep: Filter many: [Filter!] dear: Int @cost(weight: 5) }
    `,
  }),
)
const compileCost = createCostCompiler(supergraph.schema, readCostModel(supergraphDocument(supergraph)))

function compiled(text: string) {
  const document = parse(text)
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  if (!operation) throw new Error('no operation')
  return compileCost(document, operation)
}
const cost = (text: string, variables = {}) => compiled(text).estimate(variables)

describe('the cost of an operation', () => {
  it('counts objects as 1, scalars as nothing and mutations as 10', () => {
    expect(cost('{ __typename }')).toBe(0)
    expect(cost('{ shop { id } }')).toBe(1)
    expect(cost('{ shop { id owner { id owner { id } } } }')).toBe(3)
    expect(cost('mutation { save }')).toBe(10)
  })

  it('takes ten entries for a list of unknown size', () => {
    expect(cost('{ shops { id } }')).toBe(10)
    expect(cost('{ shops { owner { id } } }')).toBe(20)
  })

  it('multiplies by the assumed size', () => {
    expect(cost('{ ten { items { id } } }')).toBe(10 + 10 * 3)
  })

  it('multiplies by slicing arguments, given, defaulted or from variables', () => {
    expect(cost('{ items { id } }')).toBe(5)
    expect(cost('{ items(first: 50) { id } }')).toBe(50)
    expect(cost('{ items(first: 2, last: 9) { id } }')).toBe(9)
    expect(cost('query ($n: Int) { items(first: $n) { id } }', { n: 70 })).toBe(70)
    expect(cost('query ($n: Int) { items(first: $n) { id } }')).toBe(5)
    expect(cost('query ($n: Int) { shops { items(first: $n) { id } } }', { n: 100 })).toBe(10 * (1 + 100))
  })

  it('never lets a negative size make an operation cheaper', () => {
    expect(cost('{ items(first: -1000000) { id } shop { id } }')).toBe(1)
    expect(cost('query ($n: Int) { items(first: $n) { id } shop { id } }', { n: -1000000 })).toBe(1)
  })

  it('hands the size down to the sized fields of a connection', () => {
    expect(cost('{ connection { total } }')).toBe(1)
    expect(cost('{ connection(first: 7) { edges { node { id } } } }')).toBe(1 + 7 * 2)
    expect(
      cost(
        'query ($n: Int!) { connection(first: $n) { ...E } } fragment E on ItemConnection { edges { node { id } } }',
        { n: 30 },
      ),
    ).toBe(1 + 30 * 2)
  })

  it('asks for exactly one slicing argument where the schema does', () => {
    expect(compiled('{ strict(first: 1) { id } }').unsized({})).toEqual([])
    expect(compiled('{ strict { id } }').unsized({})).toEqual(['Query.strict'])
    expect(compiled('{ strict(first: 1, last: 1) { id } }').unsized({})).toEqual(['Query.strict'])
    const byVariable = compiled('query ($n: Int) { strict(first: $n) { id } }')
    expect(byVariable.unsized({})).toEqual(['Query.strict'])
    expect(byVariable.unsized({ n: 3 })).toEqual([])
  })

  it('honours weights of fields, types and arguments', () => {
    expect(cost('{ dear }')).toBe(7)
    expect(cost('{ dearType { weight } }')).toBe(40)
    expect(cost('{ search(text: "a") }')).toBe(3)
    expect(cost('{ search }')).toBe(0)
  })

  it('counts input objects, also those in variables', () => {
    expect(cost('{ search(filter: { name: "a" }) }')).toBe(1)
    expect(cost('{ search(filter: { deep: { dear: 1 }, many: [{ name: "a" }, {}] }) }')).toBe(1 + 1 + 5 + 2)
    const variables = { filter: { deep: { dear: 1 }, many: [{ name: 'a' }, {}] } }
    expect(cost('query ($filter: Filter) { search(filter: $filter) }', variables)).toBe(1 + 1 + 5 + 2)
    expect(cost('query ($name: String) { search(filter: { name: $name }) }', { name: 'a' })).toBe(1)
  })

  it('leaves out what @skip and @include leave out', () => {
    expect(cost('{ shop @skip(if: true) { id } }')).toBe(0)
    expect(cost('query ($on: Boolean!) { shops @include(if: $on) { id } }', { on: false })).toBe(0)
    expect(cost('query ($on: Boolean!) { ... @include(if: $on) { shops { id } } }', { on: true })).toBe(10)
  })

  it('counts fragments on every type', () => {
    expect(cost('{ node { id ... on Shop { owner { id } } ... on Item { tags } } }')).toBe(2)
  })

  it('takes a moment for fragments that double at every level', () => {
    const levels = 60
    const fragments = Array.from(
      { length: levels },
      (_, n) => `fragment F${n} on Shop { owner { ...F${n + 1} } b: owner { ...F${n + 1} } }`,
    )
    const text = `query ($n: Int) { shop { ...F0 } } ${fragments.join(' ')} fragment F${levels} on Shop { items(first: $n) { id } }`
    expect(cost(text, { n: 1 })).toBeGreaterThan(2 ** levels)
  })
})
