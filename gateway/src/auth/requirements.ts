import { type ConstDirectiveNode, type DocumentNode, Kind } from 'graphql'
import { directiveArguments, readLinkedDirectives } from '../linked-directives.ts'

/** What a client must be to read something: signed in, and with all scopes of at least one of the sets, if there are any. */
export interface Requirement {
  readonly scopes: readonly (readonly string[])[]
}

/** What the supergraph protects, by coordinate: `Type`, `Type.field`. */
export type Requirements = ReadonlyMap<string, readonly Requirement[]>

function scopesOf(directive: ConstDirectiveNode): readonly (readonly string[])[] {
  const { scopes } = directiveArguments(directive)
  return Array.isArray(scopes) ? scopes.filter((set): set is string[] => Array.isArray(set)) : []
}

/**
 * Reads `@authenticated` and `@requiresScopes` out of a supergraph, under the names that it gives them.
 * @throws Error when the supergraph uses `@policy`, which nothing here could decide
 */
export function readRequirements(supergraph: DocumentNode): Requirements {
  const names = readLinkedDirectives(supergraph)
  const authenticated = names.nameOf('authenticated', 'authenticated')
  const requiresScopes = names.nameOf('requiresScopes', 'requiresScopes')
  const policy = names.nameOf('policy', 'policy')
  const requirements = new Map<string, readonly Requirement[]>()

  const record = (coordinate: string, directives: readonly ConstDirectiveNode[] | undefined) => {
    const found: Requirement[] = []
    for (const directive of directives ?? []) {
      const name = directive.name.value
      if (name === authenticated) found.push({ scopes: [] })
      if (name === requiresScopes) found.push({ scopes: scopesOf(directive) })
      if (name === policy)
        throw new Error(`${coordinate} is protected by @policy, which this gateway cannot enforce.`)
    }
    if (found.length > 0) requirements.set(coordinate, found)
  }

  for (const definition of supergraph.definitions) {
    switch (definition.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION:
        record(definition.name.value, definition.directives)
        for (const field of definition.fields ?? [])
          record(`${definition.name.value}.${field.name.value}`, field.directives)
        break
      case Kind.SCALAR_TYPE_DEFINITION:
      case Kind.ENUM_TYPE_DEFINITION:
        record(definition.name.value, definition.directives)
        break
      default:
        break
    }
  }
  return requirements
}
