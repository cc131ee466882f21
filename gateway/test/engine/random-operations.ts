import {
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  parse,
  validate,
} from 'graphql'

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  ship: ['(id: "s1")', '(id: "s2")', '(id: $id)', '(id: "none")'],
  length: ['', '(unit: FOOT)', '(unit: $unit)'],
  friends: ['', '(first: 1)'],
}

const VARIABLES: Readonly<Record<string, string>> = {
  $id: 'ID! = "s3"',
  $unit: 'Unit! = FOOT',
  $yes: 'Boolean! = true',
  $no: 'Boolean!',
}

export interface RandomOperationOptions {
  readonly random: () => number
  /** Levels of selection sets below the root's. */
  readonly depth: number
  /** With @skip and @include, on fields and fragments. */
  readonly conditions: boolean
  /** Fields never asked for. */
  readonly without?: readonly string[]
}

/**
 * A valid operation over the schema: nested selections, aliases, fragments, arguments. It never asks for a
 * ship's load together with its length: the load requires the length with another argument, which both
 * planners answer wrongly now and then (`@requires` has tests of its own).
 */
export function randomOperation(schema: GraphQLSchema, options: RandomOperationOptions): string {
  for (;;) {
    const operation = candidate(schema, options)
    const clashes = /\bload\b/.test(operation) && /\blength\b/.test(operation)
    // Random selections can clash with each other, too.
    if (!clashes && validate(schema, parse(operation)).length === 0) return operation
  }
}

function candidate(schema: GraphQLSchema, options: RandomOperationOptions): string {
  const { random, depth, conditions, without = [] } = options
  const pick = <T>(list: readonly T[]): T => {
    const item = list[Math.floor(random() * list.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
  const directive = (): string => {
    const dice = random()
    if (!conditions || dice < 0.86) return ''
    return pick([' @include(if: $yes)', ' @skip(if: $no)', ' @include(if: $no)', ' @skip(if: $yes)'])
  }
  const fragments: string[] = []

  const selectionSet = (type: GraphQLNamedType, left: number): string => {
    const parts: string[] = []
    if (isAbstractType(type) || random() < 0.2) parts.push('__typename')
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        if (without.includes(field.name)) continue
        const inner = getNamedType(field.type)
        const composite = isCompositeType(inner)
        if ((composite && left === 0) || random() < (composite ? 0.55 : 0.45)) continue
        const alias = random() < 0.15 ? `${pick(['one', 'two', 'constructor', 'id2'])}: ` : ''
        const args = ARGUMENTS[field.name] ? pick(ARGUMENTS[field.name] ?? []) : ''
        parts.push(
          `${alias}${field.name}${args}${directive()}${composite ? ` ${selectionSet(inner, left - 1)}` : ''}`,
        )
      }
    }
    if (isAbstractType(type)) {
      for (const possible of schema.getPossibleTypes(type)) {
        if (random() < 0.6)
          parts.push(`... on ${possible.name}${directive()} ${selectionSet(possible, Math.max(0, left - 1))}`)
      }
    }
    if (random() < 0.1 && left > 0) {
      const name = `F${fragments.length}`
      fragments.push('')
      fragments[Number(name.slice(1))] = `fragment ${name} on ${type.name} ${selectionSet(type, left - 1)}`
      parts.push(`...${name}${directive()}`)
    }
    return `{ ${(parts.length > 0 ? parts : ['__typename']).join(' ')} }`
  }
  const query = schema.getQueryType()
  if (!query) throw new Error('no query type')
  const body = `${selectionSet(query, depth)} ${fragments.join(' ')}`
  const used = Object.entries(VARIABLES).filter(([name]) => body.includes(name))
  const variables = used.length > 0 ? `(${used.map(([name, type]) => `${name}: ${type}`).join(', ')})` : ''
  return `query Random${variables} ${body}`
}
