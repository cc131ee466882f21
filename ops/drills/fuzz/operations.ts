import {
  GraphQLBoolean,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  GraphQLNonNull,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import { pick, type Random } from '../random.ts'
import type { Values } from './values.ts'

/** An operation as a client sends it. */
export interface Operation {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

export interface OperationOptions {
  readonly schema: GraphQLSchema
  readonly random: Random
  readonly values: Values
}

/** Some of them mean something to a program. */
const aliases = ['one', 'two', 'constructor', 'toString', '_', 'then']

/**
 * A random operation over the schema: nested selections, aliases, fragments, directives, arguments as literals and as
 * variables. Mostly valid: aliases can clash and a value can be of another type.
 */
export function randomOperation(kind: 'query' | 'mutation', options: OperationOptions): Operation {
  const { schema, random, values } = options
  const declared: string[] = []
  const variables: Record<string, unknown> = {}
  const fragments: string[] = []

  function variable(type: GraphQLInputType, value: unknown): string {
    const name = `v${declared.length}`
    declared.push(`$${name}: ${type}`)
    if (value !== undefined) variables[name] = value
    return `$${name}`
  }

  function argumentsOf(field: GraphQLField<unknown, unknown>): string {
    const given = field.args.flatMap(({ name, type }) => {
      if (!isNonNullType(type) && random() < 0.4) return []
      const value = values.of(type, name)
      return `${name}: ${random() < 0.5 ? variable(type, value) : literal(value, type)}`
    })
    return given.length > 0 ? `(${given.join(', ')})` : ''
  }

  function directives(): string {
    if (random() < 0.93) return ''
    const condition = random() < 0.5
    const value = random() < 0.5 ? String(condition) : variable(new GraphQLNonNull(GraphQLBoolean), condition)
    return ` @${pick(random, ['include', 'skip'])}(if: ${value})`
  }

  function selections(type: GraphQLCompositeType, depth: number): string {
    const parts = random() < 0.2 ? ['__typename'] : []
    if (isAbstractType(type)) {
      for (const possible of schema.getPossibleTypes(type))
        if (random() < 0.7)
          parts.push(`... on ${possible.name}${directives()} ${selections(possible, depth)}`)
    }
    const fields = 'getFields' in type ? Object.values(type.getFields()) : []
    for (const field of fields) {
      const inner = getNamedType(field.type)
      const leaf = !isCompositeType(inner)
      if ((!leaf && depth === 0) || random() > (leaf ? 0.4 : 0.35)) continue
      parts.push(`${random() < 0.1 ? `${pick(random, aliases)}: ` : ''}${selection(field, depth)}`)
    }
    if (depth > 0 && random() < 0.08) {
      const name = `F${fragments.length}`
      const index = fragments.push('') - 1
      fragments[index] = `fragment ${name} on ${type.name} ${selections(type, depth - 1)}`
      parts.push(`...${name}${directives()}`)
    }
    return `{ ${(parts.length > 0 ? parts : ['__typename']).join(' ')} }`
  }

  function selection(field: GraphQLField<unknown, unknown>, depth: number): string {
    const inner = getNamedType(field.type)
    const under = isCompositeType(inner) ? ` ${selections(inner, depth - 1)}` : ''
    return `${field.name}${argumentsOf(field)}${directives()}${under}`
  }

  const root = kind === 'query' ? schema.getQueryType() : schema.getMutationType()
  if (!root) throw new Error(`The schema has no ${kind}`)
  const depth = 1 + Math.floor(random() * 4)
  const fields = Object.values(root.getFields())
  const chosen = Array.from({ length: random() < 0.7 ? 1 : 1 + Math.floor(random() * 4) }, (_, index) => {
    const field = pick(random, fields)
    return `r${index}: ${selection(field, depth)}`
  })
  const head = declared.length > 0 ? `(${declared.join(', ')})` : ''
  return { query: `${kind} Fuzz${head} { ${chosen.join(' ')} } ${fragments.join(' ')}`, variables }
}

/** A JSON value as it is written in a document. */
function literal(value: unknown, type: GraphQLInputType): string {
  const inner = isNonNullType(type) ? type.ofType : type
  if (Array.isArray(value)) {
    const of = isListType(inner) ? inner.ofType : inner
    return `[${value.map((item) => literal(item, of)).join(', ')}]`
  }
  if (typeof value === 'object' && value !== null) {
    const fields = isInputObjectType(inner) ? inner.getFields() : {}
    const members = Object.entries(value).flatMap(([name, item]) => {
      const field = fields[name]
      return /^[_a-z]\w*$/i.test(name) ? `${name}: ${literal(item, field?.type ?? inner)}` : []
    })
    return `{${members.join(', ')}}`
  }
  if (isEnumType(inner) && typeof value === 'string') return value
  return JSON.stringify(value) ?? 'null'
}
