import {
  type ConstDirectiveNode,
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getDirectiveValues,
  getNamedType,
  isObjectType,
} from 'graphql'
import type { SubgraphContext } from '../context.ts'
import { forbidden, unauthenticated } from '../errors.ts'
import { isAdmin, type Viewer } from '../viewer.ts'

/** @throws GraphQLError UNAUTHENTICATED */
export function requireViewer(context: SubgraphContext): Viewer {
  if (context.viewer === null) throw unauthenticated()
  return context.viewer
}

export function isOwnerOrAdmin(context: SubgraphContext, userId: number): boolean {
  return context.viewer !== null && (context.viewer.userId === userId || isAdmin(context.viewer))
}

/** What a viewer may be asked for by `@requiresScopes`: the roles. */
function scopesOf(viewer: Viewer): ReadonlySet<string> {
  return new Set(viewer.roles)
}

/** Any of the lists, and all of a list's scopes. Null: signed in is enough. */
type Requirement = readonly (readonly string[])[] | null

/** Another service reads entities as they are; whatever else it asks for needs the rights of a client. */
function isServiceReading(context: SubgraphContext, info: GraphQLResolveInfo): boolean {
  if (context.service === undefined) return false
  let path = info.path
  while (path.prev) path = path.prev
  return info.operation.operation === 'query' && rootField(info, path.key) === '_entities'
}

function rootField(info: GraphQLResolveInfo, key: string | number): string | undefined {
  for (const selection of info.operation.selectionSet.selections) {
    if (selection.kind === 'Field' && (selection.alias ?? selection.name).value === key)
      return selection.name.value
  }
  return undefined
}

function guarded(
  resolve: GraphQLFieldResolver<unknown, SubgraphContext>,
  requirements: readonly Requirement[],
): GraphQLFieldResolver<unknown, SubgraphContext> {
  return (source, args, context, info) => {
    if (!isServiceReading(context, info)) {
      const viewer = requireViewer(context)
      const scopes = scopesOf(viewer)
      for (const anyOf of requirements) {
        if (anyOf && !anyOf.some((allOf) => allOf.every((scope) => scopes.has(scope)))) throw forbidden()
      }
    }
    return resolve(source, args, context, info)
  }
}

function requirementsOf(
  schema: GraphQLSchema,
  node: { readonly directives?: readonly ConstDirectiveNode[] } | null | undefined,
): Requirement[] {
  const found: Requirement[] = []
  if (node?.directives?.some(({ name }) => name.value === 'authenticated')) found.push(null)
  const definition = schema.getDirective('requiresScopes')
  const scopes = definition && node && getDirectiveValues(definition, node)
  if (scopes) found.push(scopes.scopes as readonly (readonly string[])[])
  return found
}

function typeRequirements(schema: GraphQLSchema, type: GraphQLNamedType): Requirement[] {
  return [type.astNode, ...type.extensionASTNodes].flatMap((node) => requirementsOf(schema, node))
}

/**
 * Guards in place every field that carries `@authenticated` or `@requiresScopes`, itself, by its parent type, or by the
 * type it answers: UNAUTHENTICATED without a viewer, FORBIDDEN without the scopes. The gateway refuses the same before
 * it fetches; the subgraph does not rely on it.
 */
export function enforceDirectives(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    const ofParent = typeRequirements(schema, type)
    for (const field of Object.values(type.getFields()) as GraphQLField<unknown, SubgraphContext>[]) {
      const requirements = [
        ...ofParent,
        ...requirementsOf(schema, field.astNode),
        ...typeRequirements(schema, getNamedType(field.type)),
      ]
      if (requirements.length > 0)
        field.resolve = guarded(field.resolve ?? defaultFieldResolver, requirements)
    }
  }
}
