import {
  buildASTSchema,
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  GraphQLSchema,
  Kind,
  type NameNode,
  type TypeNode,
} from 'graphql'

const KEPT_DIRECTIVES = new Set(['deprecated', 'specifiedBy', 'oneOf'])
const EXECUTABLE_LOCATIONS = new Set([
  'QUERY',
  'MUTATION',
  'SUBSCRIPTION',
  'FIELD',
  'FRAGMENT_DEFINITION',
  'FRAGMENT_SPREAD',
  'INLINE_FRAGMENT',
  'VARIABLE_DEFINITION',
])

interface Annotated {
  readonly name: NameNode
  readonly directives?: readonly ConstDirectiveNode[]
}

/**
 * The schema that clients see: the supergraph without the join and link machinery, without the directives
 * that only composition, authorisation and costs read, and without everything @inaccessible
 * (https://specs.apollo.dev/inaccessible/v0.2).
 */
export function publicSchema(supergraph: DocumentNode): GraphQLSchema {
  const machinery = machineryPrefixes(supergraph)
  const hidden = hiddenTypes(supergraph, machinery)
  const definitions = supergraph.definitions
    .map((definition) => visible(definition, hidden, machinery))
    .filter((definition) => definition !== undefined)
  return buildASTSchema({ kind: Kind.DOCUMENT, definitions }, { assumeValid: true })
}

function hiddenTypes(supergraph: DocumentNode, machinery: readonly string[]): ReadonlySet<string> {
  const hidden = new Set<string>()
  for (const definition of supergraph.definitions) {
    if (!isTypeDefinition(definition)) continue
    if (isMachinery(definition.name.value, machinery) || !isAccessible(definition)) {
      hidden.add(definition.name.value)
    }
  }
  return hidden
}

/** Types and directives of a linked specification are named `<name>__…`: https://specs.apollo.dev/link/v1.0 */
function machineryPrefixes(supergraph: DocumentNode): readonly string[] {
  const prefixes = ['join__', 'link__', 'core__', 'federation__']
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue
    for (const directive of definition.directives ?? []) {
      const name = linkedName(directive)
      if (name) prefixes.push(`${name}__`)
    }
  }
  return prefixes
}

function linkedName(directive: ConstDirectiveNode): string | undefined {
  const text = (argument: string) => {
    const value = directive.arguments?.find((candidate) => candidate.name.value === argument)?.value
    return value?.kind === Kind.STRING ? value.value : undefined
  }
  const url = text('url') ?? text('feature')
  if (url === undefined) return undefined
  const segments = url.split('/').filter((segment) => !/^v\d/.test(segment))
  return text('as') ?? segments.at(-1)
}

function isMachinery(name: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => name.startsWith(prefix))
}

function isAccessible(node: { readonly directives?: readonly ConstDirectiveNode[] }): boolean {
  return !node.directives?.some((directive) => directive.name.value === 'inaccessible')
}

type TypeDefinition = Extract<DefinitionNode, Annotated & { readonly kind: `${string}TypeDefinition` }>

function isTypeDefinition(node: DefinitionNode): node is TypeDefinition {
  return node.kind.endsWith('TypeDefinition')
}

function visible(
  node: DefinitionNode,
  hidden: ReadonlySet<string>,
  machinery: readonly string[],
): DefinitionNode | undefined {
  if (node.kind === Kind.SCHEMA_DEFINITION) return { ...node, directives: [] }
  if (node.kind === Kind.DIRECTIVE_DEFINITION) {
    const executable = node.locations.some((location) => EXECUTABLE_LOCATIONS.has(location.value))
    return executable && !isMachinery(node.name.value, machinery) ? node : undefined
  }
  if (!isTypeDefinition(node) || hidden.has(node.name.value)) return undefined
  switch (node.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION:
      return {
        ...stripped(node),
        interfaces: node.interfaces?.filter((implemented) => !hidden.has(implemented.name.value)),
        fields: node.fields
          ?.filter((field) => isAccessible(field) && !hidden.has(namedType(field.type)))
          .map((field) => ({
            ...stripped(field),
            arguments: field.arguments?.filter(isAccessible).map(stripped),
          })),
      }
    case Kind.UNION_TYPE_DEFINITION:
      return { ...stripped(node), types: node.types?.filter((member) => !hidden.has(member.name.value)) }
    case Kind.ENUM_TYPE_DEFINITION:
      return { ...stripped(node), values: node.values?.filter(isAccessible).map(stripped) }
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
      return {
        ...stripped(node),
        fields: node.fields
          ?.filter((field) => isAccessible(field) && !hidden.has(namedType(field.type)))
          .map(stripped),
      }
    default:
      return stripped(node)
  }
}

function stripped<T extends { readonly directives?: readonly ConstDirectiveNode[] }>(node: T): T {
  return {
    ...node,
    directives: node.directives?.filter((directive) => KEPT_DIRECTIVES.has(directive.name.value)),
  }
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type)
}
