import { buildSchema, type ExecutionResult, execute, parse } from 'graphql'
import { afterAll, describe, expect, test } from 'vitest'
import {
  type Asker,
  createAsker,
  federatedSchema,
  planners,
  type Subgraphs,
  startSubgraphs,
} from './federation.ts'
import { createHarbour, type Weather } from './harbour.ts'
import { createRandom, randomOperation } from './random-operations.ts'

const OPERATIONS = 100
const VARIABLES = { no: false }
const opened: (Asker | Subgraphs)[] = []
afterAll(async () => {
  for (const each of opened) await each.close()
})

/** The federated harbour and the same as one schema, which graphql-js answers. */
async function openHarbour(planner: string, way: string, weather?: Weather) {
  const harbour = createHarbour(weather)
  const subgraphs = await startSubgraphs(harbour.services)
  const factory = planners[planner]
  if (!factory) throw new Error(`no planner ${planner}`)
  const asker = createAsker(subgraphs, factory, { inMemory: way === 'memory' })
  opened.push(asker, subgraphs)
  const schema = federatedSchema(harbour.monolith.sdl, harbour.monolith.resolvers)
  return {
    shape: buildSchema(harbour.monolith.sdl),
    ask: (query: string) => asker.ask(query, { variables: VARIABLES }),
    async expected(query: string): Promise<ExecutionResult> {
      const result = await execute({ schema, document: parse(query), variableValues: VARIABLES })
      return JSON.parse(JSON.stringify(result))
    },
  }
}

/** Null or broken values at places that depend on the seed alone. */
function storm(): { weather: Weather; begin(seed: number): void } {
  let now = 0
  return {
    weather(place) {
      let mixed = now
      for (const character of place) mixed = Math.imul(mixed ^ character.charCodeAt(0), 16777619)
      const dice = createRandom(mixed)()
      return dice < 0.06 ? 'error' : dice < 0.12 ? 'null' : 'fine'
    },
    begin(seed) {
      now = seed
    },
  }
}

/** Paths of errors that stand for a null in the answer, not inside of one. */
function pathsOf({ data, errors = [] }: ExecutionResult): readonly string[] {
  const isNull = (path: readonly (string | number)[]): boolean => {
    let value: unknown = data
    for (const segment of path) {
      if (typeof value !== 'object' || value === null) return false
      value = (value as Record<string | number, unknown>)[segment]
    }
    return value === null
  }
  const paths = errors.flatMap(({ path }) => (path && isNull(path) ? [JSON.stringify(path)] : []))
  return [...new Set(paths)].sort()
}

const matrix = Object.keys(planners).flatMap((planner) =>
  ['http', 'memory'].map((way) => [planner, way] as const),
)

describe.each(matrix)('Planned by %s, over %s, a federated answer', (planner, way) => {
  test('is the monolith’s for random operations', async () => {
    const { shape, ask, expected } = await openHarbour(planner, way)
    for (let seed = 1; seed <= OPERATIONS; seed++) {
      const random = createRandom(seed)
      const query = randomOperation(shape, { random, depth: 1 + (seed % 5), conditions: true })
      expect(await ask(query), `seed ${seed}: ${query}`).toEqual(await expected(query))
    }
  })

  test('is the monolith’s when values are missing or broken: nulls spread as far, and errors stand where they stood', async () => {
    const { weather, begin } = storm()
    const { shape, ask, expected } = await openHarbour(planner, way, weather)
    let broken = 0
    for (let seed = 1; seed <= OPERATIONS; seed++) {
      begin(seed)
      const random = createRandom(seed)
      // What a federated @requires reads can break where the monolith reads nothing.
      const without = ['load']
      const query = randomOperation(shape, { random, depth: 1 + (seed % 4), conditions: false, without })
      const [answer, wanted] = [await ask(query), await expected(query)]
      if (wanted.errors) broken++
      expect(answer.data, `seed ${seed}: ${query}`).toEqual(wanted.data)
      expect(pathsOf(answer), `seed ${seed}: ${query}`).toEqual(pathsOf(wanted))
      if (wanted.errors) expect(answer.errors, query).not.toHaveLength(0)
    }
    expect(broken).toBeGreaterThan(OPERATIONS / 3)
  })
})
