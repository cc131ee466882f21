import { type ArgumentNode, type GraphQLField, Kind, type ValueNode } from 'graphql'
import type { Expression, Variables } from './expression.ts'
import type { ListSize } from './model.ts'

/** A slicing argument's value: a count, the length of a list, or nothing that says a size. */
function countOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : undefined
}

type Reader = (variables: Variables) => number | undefined

/** Reads `first`, or `input.first` where a slicing argument names a field of an input object. */
function readerOf(node: ValueNode, path: readonly string[]): Reader {
  if (node.kind === Kind.VARIABLE) {
    const { value: name } = node.name
    return (variables) => {
      let value = variables[name]
      for (const step of path) value = (value as Record<string, unknown> | null | undefined)?.[step]
      return countOf(value)
    }
  }
  const [step, ...rest] = path
  if (step !== undefined) {
    const field = node.kind === Kind.OBJECT ? node.fields.find(({ name }) => name.value === step) : undefined
    return field ? readerOf(field.value, rest) : () => undefined
  }
  const value =
    node.kind === Kind.INT
      ? Math.max(0, Number(node.value))
      : node.kind === Kind.LIST
        ? node.values.length
        : undefined
  return () => value
}

export interface Sizing {
  /** Entries of the field's own list, or of the lists that `sizedFields` names. */
  readonly size: Expression
  /** Slicing arguments that a request gives or that have a default: exactly one when the schema asks for one. */
  readonly slicingArguments: Expression
}

/**
 * The length to expect of a list: the largest of its slicing arguments (the client's, by value or by variable, else the
 * default in the schema), else the assumed size, else `fallback`.
 */
export function sizeOf(
  listSize: ListSize,
  field: GraphQLField<unknown, unknown>,
  args: readonly ArgumentNode[],
  fallback: number,
): Sizing {
  const readers = listSize.slicingArguments.flatMap((path): Reader[] => {
    const [name = '', ...rest] = path.split('.')
    const argument = args.find((candidate) => candidate.name.value === name)
    const definition = field.args.find((candidate) => candidate.name === name)
    const byDefault: unknown = rest.reduce<unknown>(
      (value, step) => (value as Record<string, unknown> | null | undefined)?.[step],
      definition?.defaultValue,
    )
    if (argument === undefined) return [() => countOf(byDefault)]
    const given = readerOf(argument.value, rest)
    // A variable that is not given leaves the argument's default in force (specification §6.4.1).
    if (argument.value.kind !== Kind.VARIABLE) return [given]
    const variable = argument.value.name.value
    return [(variables) => (Object.hasOwn(variables, variable) ? given(variables) : countOf(byDefault))]
  })
  const otherwise = listSize.assumedSize ?? fallback
  if (readers.length === 0) return { size: otherwise, slicingArguments: 0 }
  const counts = (variables: Variables) =>
    readers.map((read) => read(variables)).filter((count): count is number => count !== undefined)
  const constant = args.every(({ value }) => value.kind === Kind.INT || value.kind === Kind.STRING)
  const size = (variables: Variables) => {
    const given = counts(variables)
    return given.length === 0 ? otherwise : Math.max(...given)
  }
  const slicingArguments = (variables: Variables) => counts(variables).length
  return constant ? { size: size({}), slicingArguments: slicingArguments({}) } : { size, slicingArguments }
}
