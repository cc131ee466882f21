import {
  type ConstDirectiveNode,
  type ConstValueNode,
  type DocumentNode,
  Kind,
  type SchemaDefinitionNode,
  type SchemaExtensionNode,
  valueFromASTUntyped,
} from 'graphql'

/** How a supergraph names the directives of a specification: composition may have renamed them (core schemas, `@link`). */
export interface LinkedDirectives {
  /** @returns the name without `@` under which the supergraph applies it; undefined when it links no such specification */
  nameOf(specification: string, directive: string): string | undefined
}

interface Link {
  readonly url: string
  readonly as?: string | null
  readonly import?: readonly (string | { readonly name: string; readonly as?: string })[] | null
}

/** @returns the directive's arguments as plain values */
export function directiveArguments(directive: ConstDirectiveNode): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    (directive.arguments ?? []).map(({ name, value }) => [
      name.value,
      valueFromASTUntyped(value as ConstValueNode),
    ]),
  )
}

function isLink(value: Readonly<Record<string, unknown>>): value is Readonly<Record<string, unknown>> & Link {
  return typeof value.url === 'string'
}

/** Reads the `@link`s of a supergraph (https://specs.apollo.dev/link/v1.0). */
export function readLinkedDirectives(supergraph: DocumentNode): LinkedDirectives {
  const links = supergraph.definitions
    .filter(
      (definition): definition is SchemaDefinitionNode | SchemaExtensionNode =>
        definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION,
    )
    .flatMap((definition) => definition.directives ?? [])
    .filter((directive) => directive.name.value === 'link')
    .map(directiveArguments)
    .filter(isLink)
  return {
    nameOf(specification, directive) {
      const link = links.find(({ url }) => new URL(url).pathname.split('/').at(-2) === specification)
      if (link === undefined) return undefined
      for (const imported of link.import ?? []) {
        const { name, as = name } = typeof imported === 'string' ? { name: imported } : imported
        if (name === `@${directive}`) return as.slice(1)
      }
      const prefix = link.as ?? specification
      return directive === specification ? prefix : `${prefix}__${directive}`
    },
  }
}
