import {
  type ConstDirectiveNode,
  type DocumentNode,
  Kind,
  parse,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'

/** What execution must know of how the subgraphs were joined. Names are the supergraph's, hidden types included. */
export interface Joins {
  /** Subgraph name → URL. */
  readonly subgraphs: ReadonlyMap<string, string>
  /**
   * Values of `__typename` that satisfy a type condition: for an object itself, for an interface itself (an
   * interface object answers with the interface's name) and all that implement it, for a union its members.
   */
  possibleTypes(condition: string): ReadonlySet<string>
  isInterface(type: string): boolean
  /** The name by which a subgraph knows entities of this type: its own, or that of an interface object. */
  entityName(service: string, type: string): string
  /** Selection sets of the keys by which a subgraph finds an entity of this type. */
  keys(service: string, type: string): readonly SelectionSetNode[]
}

/** Reads the join specification's directives: https://specs.apollo.dev/join/v0.5 */
export function readJoins(supergraph: DocumentNode): Joins {
  const subgraphs = new Map<string, string>()
  const serviceByGraph = new Map<string, string>()
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue
    for (const value of definition.values ?? []) {
      const graph = value.directives?.find((directive) => directive.name.value === 'join__graph')
      const name = graph && textArgument(graph, 'name')
      if (!graph || name === undefined) continue
      subgraphs.set(name, textArgument(graph, 'url') ?? '')
      serviceByGraph.set(value.name.value, name)
    }
  }

  const members = new Map<string, Set<string>>()
  const interfaces = new Set<string>()
  const keys = new Map<string, SelectionSetNode[]>()
  const addMember = (abstract: string, member: string) => {
    const known = members.get(abstract)
    if (known) known.add(member)
    else members.set(abstract, new Set([member]))
  }
  for (const definition of supergraph.definitions) {
    if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      for (const member of definition.types ?? []) addMember(definition.name.value, member.name.value)
    }
    if (
      definition.kind !== Kind.OBJECT_TYPE_DEFINITION &&
      definition.kind !== Kind.INTERFACE_TYPE_DEFINITION
    ) {
      continue
    }
    const type = definition.name.value
    addMember(type, type)
    if (definition.kind === Kind.INTERFACE_TYPE_DEFINITION) interfaces.add(type)
    for (const implemented of definition.interfaces ?? []) addMember(implemented.name.value, type)
    for (const directive of definition.directives ?? []) {
      if (directive.name.value !== 'join__type') continue
      const key = textArgument(directive, 'key')
      const service = serviceByGraph.get(textArgument(directive, 'graph') ?? '')
      if (key === undefined || service === undefined) continue
      const known = keys.get(`${service} ${type}`)
      if (known) known.push(fieldSet(key))
      else keys.set(`${service} ${type}`, [fieldSet(key)])
    }
  }

  const keysOf = (service: string, type: string) => keys.get(`${service} ${type}`) ?? []
  const entityName = (service: string, type: string): string => {
    if (keysOf(service, type).length > 0) return type
    for (const name of interfaces) {
      if (members.get(name)?.has(type) && keysOf(service, name).length > 0) return name
    }
    return type
  }

  return {
    subgraphs,
    possibleTypes: (condition) => members.get(condition) ?? new Set([condition]),
    isInterface: (type) => interfaces.has(type),
    entityName,
    keys: keysOf,
  }
}

function fieldSet(text: string): SelectionSetNode {
  const definition = parse(`{${text}}`, { noLocation: true }).definitions[0]
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new TypeError(`not a field set: ${text}`)
  return definition.selectionSet
}

function textArgument(directive: ConstDirectiveNode, name: string): string | undefined {
  const value: ValueNode | undefined = directive.arguments?.find(
    (argument) => argument.name.value === name,
  )?.value
  return value?.kind === Kind.STRING || value?.kind === Kind.ENUM ? value.value : undefined
}
