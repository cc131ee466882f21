import {
  buildSchema,
  type FragmentDefinitionNode,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql'
import { expect, test } from 'vitest'
import { createAsker, planners, startSubgraphs } from './federation.ts'
import { createHarbour } from './harbour.ts'
import { createRandom, randomOperation } from './random-operations.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** The same answer with some of its values gone, of another type, or joined by others. */
function spoil(value: Json, random: () => number): Json {
  const dice = random()
  if (dice < 0.03) return null
  if (dice < 0.05) return [null, 0, '', 'UNKNOWN', {}, [], [[null]], true][Math.floor(random() * 8)] ?? null
  if (Array.isArray(value)) {
    const items = value.map((item) => spoil(item, random))
    return random() < 0.03 ? [...items, null, ...items] : items
  }
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(() => random() > 0.02)
  return Object.fromEntries(kept.map(([key, item]) => [key, spoil(item, random)]))
}

/** What is wrong with an answer: a null that may not be one, a value of another type, a field too many or too few. */
function faultsOf(schema: GraphQLSchema, query: string, data: unknown): readonly string[] {
  const document = parse(query)
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  const faults: string[] = []

  const look = (value: unknown, type: GraphQLOutputType, sets: readonly SelectionSetNode[], path: string) => {
    if (isNonNullType(type)) {
      if (value === null) faults.push(`${path} is null`)
      else look(value, type.ofType, sets, path)
    } else if (value === null) return
    else if (value === undefined) faults.push(`${path} is missing`)
    else if (isListType(type)) {
      if (!Array.isArray(value)) faults.push(`${path} is no list`)
      else for (const [index, item] of value.entries()) look(item, type.ofType, sets, `${path}.${index}`)
    } else if (isLeafType(type)) {
      try {
        type.serialize(value)
      } catch (error) {
        faults.push(`${path}: ${error}`)
      }
    } else if (typeof value !== 'object') faults.push(`${path} is no object`)
    else lookInside(value as Record<string, unknown>, type.name, sets, path)
  }

  const lookInside = (
    value: Record<string, unknown>,
    declared: string,
    sets: readonly SelectionSetNode[],
    path: string,
  ) => {
    // Random operations ask for the type wherever it is open.
    const type = schema.getType(typeof value.__typename === 'string' ? value.__typename : declared)
    if (!isObjectType(type)) {
      faults.push(`${path} has no type`)
      return
    }
    const asked = new Map<string, { type: GraphQLOutputType | undefined; sets: SelectionSetNode[] }>()
    const collect = (set: SelectionSetNode): void => {
      for (const node of set.selections) {
        if (node.kind === Kind.FIELD) {
          const key = (node.alias ?? node.name).value
          const known = asked.get(key) ?? { type: type.getFields()[node.name.value]?.type, sets: [] }
          if (node.selectionSet) known.sets.push(node.selectionSet)
          asked.set(key, known)
          continue
        }
        const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value)
        const condition = fragment?.typeCondition && schema.getType(fragment.typeCondition.name.value)
        const applies =
          !condition || condition === type || (isAbstractType(condition) && schema.isSubType(condition, type))
        if (fragment && applies) collect(fragment.selectionSet)
      }
    }
    sets.forEach(collect)
    expect(Object.keys(value).sort(), path).toEqual([...asked.keys()].sort())
    for (const [key, field] of asked) {
      if (field.type) look(value[key], field.type, field.sets, `${path}.${key}`)
    }
  }

  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  if (operation?.kind === Kind.OPERATION_DEFINITION && data !== null)
    lookInside(data as Record<string, unknown>, 'Query', [operation.selectionSet], 'data')
  return faults
}

test.each(Object.entries(planners))(
  'whatever subgraphs answer, a client gets an answer of its schema (plans by %s)',
  async (_, planner) => {
    const harbour = createHarbour()
    const subgraphs = await startSubgraphs(harbour.services)
    let random = createRandom(0)
    const spoiling = [...subgraphs.local].map(
      ([name, execute]) =>
        [
          name,
          async (...request: Parameters<typeof execute>) => {
            const answer = JSON.parse(JSON.stringify(await execute(...request)))
            if (random() < 0.03) throw new Error('no answer at all')
            return { ...answer, data: spoil(answer.data, random) }
          },
        ] as const,
    )
    const asker = createAsker({ ...subgraphs, local: new Map(spoiling) }, planner, { inMemory: true })
    const shape = buildSchema(harbour.monolith.sdl)
    let whole = 0
    for (let seed = 1; seed <= 150; seed++) {
      random = createRandom(seed)
      const query = randomOperation(shape, { random, depth: 1 + (seed % 4), conditions: false })
      const { data, errors = [] } = await asker.ask(query)
      expect(faultsOf(shape, query, data), `seed ${seed}: ${query}`).toEqual([])
      for (const { extensions } of errors) expect(extensions?.code, query).toBeTypeOf('string')
      if (data === null) expect(errors, query).not.toHaveLength(0)
      else whole++
    }
    expect(whole).toBeGreaterThan(10)
    await asker.close()
    await subgraphs.close()
  },
)
