import {
  type ArgumentNode,
  type GraphQLArgument,
  type GraphQLInputType,
  getNullableType,
  isInputObjectType,
  isListType,
  Kind,
  type ValueNode,
} from 'graphql'
import { type Expression, sum, type Variables } from './expression.ts'
import type { CostModel } from './model.ts'

/** Scores what a client sends: an input object costs 1, scalars and enums nothing, unless `@cost` says otherwise. */
export interface ArgumentCosts {
  /** @param field coordinate of the field: `Query.movies` */
  of(field: string, definition: GraphQLArgument, argument: ArgumentNode | undefined): Expression
}

export function createArgumentCosts(model: CostModel): ArgumentCosts {
  const known = new Map<string, boolean>()

  /** Whether values of a type can cost anything: most arguments are plain and need no look at their value. */
  function canCost(type: GraphQLInputType): boolean {
    const nullable = getNullableType(type)
    if (isListType(nullable)) return canCost(nullable.ofType)
    const { name } = nullable
    const found = known.get(name)
    if (found !== undefined) return found
    const costs = isInputObjectType(nullable) || model.types.has(name)
    known.set(name, costs)
    return costs
  }

  function scoreValue(value: unknown, type: GraphQLInputType, weight: number | undefined): number {
    if (value === undefined || value === null) return 0
    const nullable = getNullableType(type)
    if (isListType(nullable)) {
      const items: readonly unknown[] = Array.isArray(value) ? value : [value]
      return items.reduce((total: number, item) => total + scoreValue(item, nullable.ofType, weight), 0)
    }
    if (!isInputObjectType(nullable)) return weight ?? model.types.get(nullable.name) ?? 0
    let total = weight ?? 1
    for (const [name, field] of Object.entries(nullable.getFields())) {
      const inner = (value as Record<string, unknown>)[name]
      total += scoreValue(inner, field.type, model.coordinates.get(`${nullable.name}.${name}`))
    }
    return total
  }

  function scoreNode(node: ValueNode, type: GraphQLInputType, weight: number | undefined): Expression {
    if (node.kind === Kind.VARIABLE) {
      const name = node.name.value
      return (variables: Variables) => scoreValue(variables[name], type, weight)
    }
    if (node.kind === Kind.NULL) return 0
    const nullable = getNullableType(type)
    if (isListType(nullable)) {
      const items = node.kind === Kind.LIST ? node.values : [node]
      return sum(items.map((item) => scoreNode(item, nullable.ofType, weight)))
    }
    if (!isInputObjectType(nullable) || node.kind !== Kind.OBJECT)
      return weight ?? model.types.get('name' in nullable ? nullable.name : '') ?? 0
    const fields = nullable.getFields()
    const inner = node.fields.map(({ name, value }) => {
      const field = fields[name.value]
      return field ? scoreNode(value, field.type, model.coordinates.get(`${nullable.name}.${name.value}`)) : 0
    })
    return sum([weight ?? 1, ...inner])
  }

  return {
    of(field, definition, argument) {
      const weight = model.coordinates.get(`${field}(${definition.name})`)
      if (weight === undefined && !canCost(definition.type)) return 0
      if (argument) return scoreNode(argument.value, definition.type, weight)
      return scoreValue(definition.defaultValue, definition.type, weight)
    },
  }
}
