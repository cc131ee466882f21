import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { createArgumentCosts } from './arguments.ts'
import { type Expression, evaluate, onceFor, product, sum, type Variables, when } from './expression.ts'
import type { CostModel } from './model.ts'
import { sizeOf } from './sizes.ts'

/** Estimated cost of one operation. */
export interface OperationCost {
  /** Never negative, Infinity when it passes what a number holds. */
  estimate(variables: Variables): number
  /** Coordinates of fields that must be given exactly one slicing argument and are not. */
  unsized(variables: Variables): readonly string[]
}

export interface CostSettings {
  /** Entries expected of a list that says nothing about its size. */
  readonly assumedListSize: number
  /** What a mutation costs before its fields are counted. */
  readonly mutation: number
}

export const defaultCostSettings: CostSettings = { assumedListSize: 10, mutation: 10 }

const nothingSized: ReadonlyMap<string, Expression> = new Map()

/** A selection counts unless its `@skip`/`@include` says no, for these variables. */
function conditionOf(
  directives: readonly DirectiveNode[] | undefined,
): boolean | ((variables: Variables) => boolean) {
  const tests: ((variables: Variables) => boolean)[] = []
  for (const directive of directives ?? []) {
    const wanted =
      directive.name.value === 'include' ? true : directive.name.value === 'skip' ? false : undefined
    const value = directive.arguments?.find(({ name }) => name.value === 'if')?.value
    if (wanted === undefined || value === undefined) continue
    if (value.kind === Kind.BOOLEAN && value.value !== wanted) return false
    if (value.kind === Kind.VARIABLE) {
      const { value: name } = value.name
      tests.push((variables) => variables[name] === wanted)
    }
  }
  return tests.length === 0 ? true : (variables) => tests.every((test) => test(variables))
}

/**
 * Compiles the cost of operations of one valid document, by Federation's demand control: an object costs 1, a scalar or
 * enum nothing, a mutation 10, arguments what their input objects cost; lists multiply what is in them. Fragments on
 * different types are all counted, so the estimate is an upper bound. What does not depend on variables is
 * summed here, once.
 */
export function createCostCompiler(
  schema: GraphQLSchema,
  model: CostModel,
  settings: CostSettings = defaultCostSettings,
) {
  const argumentCosts = createArgumentCosts(model)

  const typeWeight = (type: GraphQLOutputType): number => {
    const named = getNamedType(type)
    return model.types.get(named.name) ?? (isCompositeType(named) ? 1 : 0)
  }

  return function compileCost(document: DocumentNode, operation: OperationDefinitionNode): OperationCost {
    const fragments = new Map<string, FragmentDefinitionNode>()
    for (const definition of document.definitions)
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
    // A fragment costs the same wherever the same sizes reach it: computed once, however often it is spread.
    const fragmentCosts = new WeakMap<ReadonlyMap<string, Expression>, Map<string, Expression>>()
    const requirements: (readonly [coordinate: string, given: Expression])[] = []

    function fieldCost(
      node: FieldNode,
      parent: GraphQLCompositeType,
      sized: ReadonlyMap<string, Expression>,
    ): Expression {
      const name = node.name.value
      const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined
      // __schema and __type answer out of memory: a flat 1, their lists are bounded by depth and validation.
      if (!field) return name === '__typename' ? 0 : 1
      const coordinate = `${parent.name}.${name}`
      const args = node.arguments ?? []
      const listSize = model.lists.get(coordinate)
      const sizing = listSize && sizeOf(listSize, field, args, settings.assumedListSize)
      if (listSize?.requireOneSlicingArgument && listSize.slicingArguments.length > 0 && sizing)
        requirements.push([coordinate, sizing.slicingArguments])
      const isList = isListType(getNullableType(field.type))
      const inherited = sized.get(name)
      const count = !isList ? 1 : (inherited ?? sizing?.size ?? settings.assumedListSize)
      const sizes =
        listSize && sizing && listSize.sizedFields.length > 0
          ? new Map(listSize.sizedFields.map((sizedField) => [sizedField, sizing.size]))
          : nothingSized
      const type = getNamedType(field.type)
      const inner =
        node.selectionSet && isCompositeType(type) ? selectionCost(node.selectionSet, type, sizes) : 0
      const weight = model.coordinates.get(coordinate) ?? typeWeight(field.type)
      const ofArguments = field.args.map((definition) =>
        argumentCosts.of(
          coordinate,
          definition,
          args.find((argument) => argument.name.value === definition.name),
        ),
      )
      return sum([product(count, sum([weight, inner])), ...ofArguments])
    }

    function fragmentCost(name: string, sized: ReadonlyMap<string, Expression>): Expression {
      const fragment = fragments.get(name)
      const type = fragment && schema.getType(fragment.typeCondition.name.value)
      if (!fragment || !isCompositeType(type)) return 0
      const known = fragmentCosts.get(sized) ?? new Map<string, Expression>()
      fragmentCosts.set(sized, known)
      const found = known.get(name)
      if (found !== undefined) return found
      const cost = onceFor(selectionCost(fragment.selectionSet, type, sized))
      known.set(name, cost)
      return cost
    }

    function selectionCost(
      { selections }: SelectionSetNode,
      parent: GraphQLCompositeType,
      sized: ReadonlyMap<string, Expression>,
    ): Expression {
      return sum(
        selections.map((selection) => {
          const condition = conditionOf(selection.directives)
          if (condition === false) return 0
          if (selection.kind === Kind.FIELD) return when(condition, fieldCost(selection, parent, sized))
          if (selection.kind === Kind.FRAGMENT_SPREAD)
            return when(condition, fragmentCost(selection.name.value, sized))
          const named = selection.typeCondition && schema.getType(selection.typeCondition.name.value)
          const type = isCompositeType(named) ? named : parent
          return when(condition, selectionCost(selection.selectionSet, type, sized))
        }),
      )
    }

    const root = schema.getRootType(operation.operation)
    const base = operation.operation === 'mutation' ? settings.mutation : 0
    const total = root ? sum([base, selectionCost(operation.selectionSet, root, nothingSized)]) : base
    return {
      estimate: (variables) => {
        const cost = evaluate(total, variables)
        return Number.isNaN(cost) ? Number.POSITIVE_INFINITY : Math.max(0, cost)
      },
      unsized: (variables) =>
        requirements
          .filter(([, given]) => evaluate(given, variables) !== 1)
          .map(([coordinate]) => coordinate),
    }
  }
}

export type CostCompiler = ReturnType<typeof createCostCompiler>
