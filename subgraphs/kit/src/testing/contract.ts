import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type EnumValueDefinitionNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  parse,
  print,
  type TypeDefinitionNode,
  type TypeExtensionNode,
} from 'graphql'

interface Directed {
  readonly name: { readonly value: string }
  readonly directives?: readonly ConstDirectiveNode[]
}
type Typed = TypeDefinitionNode | TypeExtensionNode

/**
 * Lists what of a contract an SDL lacks or has otherwise: types, fields, arguments, defaults, nullability, enum values,
 * union members, directives and their arguments, imports of `@link`. What the SDL has beyond it is no gap.
 */
export function contractGaps(sdl: string, contractSdl: string): string[] {
  const actual = parse(sdl).definitions
  const contract = parse(contractSdl).definitions
  return [
    ...linkGaps(actual, contract),
    ...directiveDefinitionGaps(actual, contract),
    ...contract.filter(isTyped).flatMap((type) => typeGaps(type, typesNamed(actual, type.name.value))),
  ]
}

function isTyped(node: DefinitionNode): node is Typed {
  return (
    'name' in node &&
    node.kind !== Kind.DIRECTIVE_DEFINITION &&
    'directives' in node &&
    /Type/.test(node.kind)
  )
}

/** A type may be told in several places: its definition and its extensions. */
function typesNamed(nodes: readonly DefinitionNode[], name: string): readonly Typed[] {
  return nodes.filter(isTyped).filter((node) => node.name.value === name)
}

const kindOf = (node: Typed): string => node.kind.replace(/(Type)?(Definition|Extension)$/, '')

function typeGaps(expected: Typed, actual: readonly Typed[]): string[] {
  const name = expected.name.value
  if (actual.length === 0) return [`${name}: missing`]
  if (actual.some((node) => kindOf(node) !== kindOf(expected))) return [`${name}: another kind of type`]
  const gaps = directiveGaps(name, expected, {
    name: expected.name,
    directives: actual.flatMap((node) => node.directives ?? []),
  })
  const fields = actual.flatMap(fieldsOf)
  for (const field of fieldsOf(expected)) gaps.push(...fieldGaps(name, field, named(fields, field)))
  const values = actual.flatMap((node) => ('values' in node ? (node.values ?? []) : []))
  for (const value of ('values' in expected && expected.values) || []) {
    gaps.push(...valueGaps(name, value, named(values, value)))
  }
  const members = actual.flatMap((node) => ('types' in node ? (node.types ?? []) : []))
  for (const member of ('types' in expected && expected.types) || []) {
    if (!named(members, member)) gaps.push(`${name}: member ${member.name.value} missing`)
  }
  return gaps
}

function fieldsOf(node: Typed): readonly Field[] {
  return ('fields' in node && node.fields) || []
}

function named<Node extends { readonly name: { readonly value: string } }>(
  nodes: readonly Node[],
  wanted: { readonly name: { readonly value: string } },
): Node | undefined {
  return nodes.find((node) => node.name.value === wanted.name.value)
}

type Field = FieldDefinitionNode | InputValueDefinitionNode

function fieldGaps(parent: string, expected: Field, actual: Field | undefined): string[] {
  const place = `${parent}.${expected.name.value}`
  if (!actual) return [`${place}: missing`]
  const gaps = directiveGaps(place, expected, actual)
  if (print(actual.type) !== print(expected.type)) {
    gaps.push(`${place}: type ${print(actual.type)} instead of ${print(expected.type)}`)
  }
  gaps.push(...defaultGaps(place, expected, actual))
  const actualArguments = ('arguments' in actual && actual.arguments) || []
  for (const argument of ('arguments' in expected && expected.arguments) || []) {
    gaps.push(...fieldGaps(place, argument, named(actualArguments, argument)))
  }
  return gaps
}

function defaultGaps(place: string, expected: Field, actual: Field): string[] {
  const [wanted, found] = [expected, actual].map((node) =>
    'defaultValue' in node && node.defaultValue ? print(node.defaultValue) : 'none',
  )
  return wanted === found ? [] : [`${place}: default ${found} instead of ${wanted}`]
}

function valueGaps(
  parent: string,
  expected: EnumValueDefinitionNode,
  actual: EnumValueDefinitionNode | undefined,
): string[] {
  const place = `${parent}.${expected.name.value}`
  return actual ? directiveGaps(place, expected, actual) : [`${place}: missing`]
}

/** One text per use of a directive, with its arguments in order of their names. */
function directiveText(node: ConstDirectiveNode): string {
  const parts = (node.arguments ?? []).map((argument) => print(argument)).sort()
  return `@${node.name.value}(${parts.join(', ')})`
}

function directiveGaps(place: string, expected: Directed, actual: Directed): string[] {
  const found = new Set((actual.directives ?? []).map(directiveText))
  return (expected.directives ?? [])
    .map(directiveText)
    .filter((text) => !found.has(text))
    .map((text) => `${place}: ${text} missing`)
}

/** Each `@link` by its URL, with the names that it imports; other directives of the schema by their text. */
function schemaDirectives(nodes: readonly DefinitionNode[]): Set<string> {
  const texts = nodes
    .filter((node) => node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION)
    .flatMap((node) => node.directives ?? [])
    .flatMap((directive) => {
      if (directive.name.value !== 'link') return [directiveText(directive)]
      const argument = (name: string) => directive.arguments?.find((node) => node.name.value === name)?.value
      const url = argument('url')
      const imported = argument('import')
      const names = imported?.kind === Kind.LIST ? imported.values.map((value) => print(value)) : []
      return names.map((name) => `@link ${url ? print(url) : ''} ${name}`)
    })
  return new Set(texts)
}

function linkGaps(actual: readonly DefinitionNode[], contract: readonly DefinitionNode[]): string[] {
  const found = schemaDirectives(actual)
  return [...schemaDirectives(contract)]
    .filter((text) => !found.has(text))
    .map((text) => `schema: ${text} missing`)
}

function directiveDefinitionGaps(
  actual: readonly DefinitionNode[],
  contract: readonly DefinitionNode[],
): string[] {
  const texts = (nodes: readonly DefinitionNode[]) =>
    nodes
      .filter((node) => node.kind === Kind.DIRECTIVE_DEFINITION)
      .map((node) => print({ ...node, description: undefined }))
  const found = new Set(texts(actual))
  return texts(contract)
    .filter((text) => !found.has(text))
    .map((text) => `${text}: missing`)
}
