import { type ArgumentNode, type GraphQLField, Kind } from 'graphql'
import type { Expression, Variables } from './expression.ts'
import type { ListSize } from './model.ts'

/** Federation allows integers only as slicing arguments; a negative one is the subgraph's to refuse. */
function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : undefined
}

type Reader = (variables: Variables) => number | undefined

function readerOf(argument: ArgumentNode | undefined, byDefault: unknown): Reader {
  if (argument === undefined) return () => countOf(byDefault)
  const { value } = argument
  if (value.kind === Kind.VARIABLE) {
    const name = value.name.value
    // A variable that is not given leaves the argument's default in force (specification §6.4.1).
    return (variables) => countOf(Object.hasOwn(variables, name) ? variables[name] : byDefault)
  }
  const count = value.kind === Kind.INT ? countOf(Number(value.value)) : undefined
  return () => count
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
  { assumedSize, slicingArguments: names }: ListSize,
  field: GraphQLField<unknown, unknown>,
  args: readonly ArgumentNode[],
  fallback: number,
): Sizing {
  const sliced = names.map((name) => ({
    argument: args.find((candidate) => candidate.name.value === name),
    byDefault: field.args.find((candidate) => candidate.name === name)?.defaultValue,
  }))
  const readers = sliced.map(({ argument, byDefault }) => readerOf(argument, byDefault))
  const counts = (variables: Variables) =>
    readers.map((read) => read(variables)).filter((count) => count !== undefined)
  const size = (variables: Variables) => {
    const given = counts(variables)
    return given.length === 0 ? (assumedSize ?? fallback) : Math.max(...given)
  }
  const slicingArguments = (variables: Variables) => counts(variables).length
  const varies = sliced.some(({ argument }) => argument?.value.kind === Kind.VARIABLE)
  return varies ? { size, slicingArguments } : { size: size({}), slicingArguments: slicingArguments({}) }
}
