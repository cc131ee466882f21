import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
} from 'graphql'
import { directiveArguments, readLinkedDirectives } from '../../linked-directives.ts'

/** `@listSize` of a field (Federation 2.9, after the IBM cost specification §5). */
export interface ListSize {
  readonly assumedSize: number | undefined
  readonly slicingArguments: readonly string[]
  readonly sizedFields: readonly string[]
  readonly requireOneSlicingArgument: boolean
}

/** The weights that a supergraph declares, by coordinate. What is not in it has the default weight of its kind. */
export interface CostModel {
  /** `@cost` of an object, scalar or enum, by type name. */
  readonly types: ReadonlyMap<string, number>
  /** `@cost` by `Type.field`, `Type.field(argument)` and `Input.field`. */
  readonly coordinates: ReadonlyMap<string, number>
  /** `@listSize` by `Type.field`. */
  readonly lists: ReadonlyMap<string, ListSize>
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []

/** Federation writes the weight as an integer, the IBM specification as a string of a number. */
function weightOf(directive: ConstDirectiveNode): number | undefined {
  const weight = Number(directiveArguments(directive).weight)
  return Number.isFinite(weight) ? weight : undefined
}

function listSizeOf(directive: ConstDirectiveNode): ListSize {
  const values = directiveArguments(directive)
  const assumed = values.assumedSize
  return {
    assumedSize: typeof assumed === 'number' ? assumed : undefined,
    slicingArguments: strings(values.slicingArguments),
    sizedFields: strings(values.sizedFields),
    requireOneSlicingArgument: values.requireOneSlicingArgument !== false,
  }
}

/** Reads `@cost` and `@listSize` out of a supergraph, under the names that it gives them. */
export function readCostModel(supergraph: DocumentNode): CostModel {
  const names = readLinkedDirectives(supergraph)
  const [cost, listSize] = [names.nameOf('cost', 'cost'), names.nameOf('cost', 'listSize')]
  const types = new Map<string, number>()
  const coordinates = new Map<string, number>()
  const lists = new Map<string, ListSize>()

  const record = (
    to: Map<string, number>,
    at: string,
    directives: readonly ConstDirectiveNode[] | undefined,
  ) => {
    const directive = directives?.find(({ name }) => name.value === cost)
    const weight = directive && weightOf(directive)
    if (weight !== undefined) to.set(at, weight)
  }
  const inputValues = (
    values: readonly InputValueDefinitionNode[] | undefined,
    at: (name: string) => string,
  ) => {
    for (const { name, directives } of values ?? []) record(coordinates, at(name.value), directives)
  }
  const outputField = (type: string, { name, directives, arguments: args }: FieldDefinitionNode) => {
    const coordinate = `${type}.${name.value}`
    record(coordinates, coordinate, directives)
    inputValues(args, (argument) => `${coordinate}(${argument})`)
    const sized = directives?.find((directive) => directive.name.value === listSize)
    if (sized) lists.set(coordinate, listSizeOf(sized))
  }

  for (const definition of supergraph.definitions) {
    if (!('name' in definition) || definition.name === undefined) continue
    const name = definition.name.value
    switch (definition.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION:
        record(types, name, definition.directives)
        for (const field of definition.fields ?? []) outputField(name, field)
        break
      case Kind.INPUT_OBJECT_TYPE_DEFINITION:
        inputValues(definition.fields, (field) => `${name}.${field}`)
        break
      case Kind.SCALAR_TYPE_DEFINITION:
      case Kind.ENUM_TYPE_DEFINITION:
        record(types, name, definition.directives)
        break
      default:
        break
    }
  }
  return { types, coordinates, lists }
}
