import { readFile } from 'node:fs/promises'
import { getIntrospectionQuery, Kind, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { readTrustedDocuments } from '../src/documents/trusted.ts'
import { createCostCompiler } from '../src/limits/cost/cost.ts'
import { readCostModel } from '../src/limits/cost/model.ts'
import { defaultLimits } from '../src/limits/settings.ts'
import { createMeasure, shapeRefusal } from '../src/limits/shape.ts'
import { readSupergraph, supergraphDocument } from '../src/supergraph/read.ts'

const supergraph = readSupergraph(await readFile('schema/supergraph.graphql', 'utf8'))
const compileCost = createCostCompiler(supergraph.schema, readCostModel(supergraphDocument(supergraph)))

function weigh(text: string, variables: Readonly<Record<string, unknown>>) {
  const document = parse(text)
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  if (!operation) throw new Error('no operation')
  return {
    cost: compileCost(document, operation).estimate(variables),
    refused: shapeRefusal(createMeasure(document)(operation), defaultLimits),
  }
}

describe('the default limits', () => {
  it('leave every page of ours room for four times as much', async () => {
    const { byId } = await readTrustedDocuments('schema/operations')
    expect(byId.size).toBeGreaterThan(4)
    for (const { name, text } of byId.values()) {
      const { cost, refused } = weigh(text, { cast: 10, reviews: 10, first: 20 })
      expect([name, refused, cost <= defaultLimits.cost / 4]).toEqual([name, null, true])
    }
  })

  it('let the schema be read', () => {
    expect(weigh(getIntrospectionQuery(), {})).toEqual({ cost: 1, refused: null })
  })

  it('refuse to walk from film to reviews to authors to their reviews', () => {
    const text = `query ($n: Int) { movies(first: $n) { edges { node { reviews(first: $n) { edges { node { author { id } } } } } } } }`
    expect(weigh(text, { n: 20 }).cost).toBeLessThan(defaultLimits.cost)
    expect(weigh(text, { n: 100 }).cost).toBeGreaterThan(defaultLimits.cost)
  })
})
