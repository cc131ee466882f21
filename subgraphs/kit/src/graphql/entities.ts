import { type GraphQLFieldResolver, type GraphQLSchema, isObjectType, isUnionType } from 'graphql'
import type { SubgraphContext } from '../context.ts'
import { badUserInput } from '../errors.ts'

/** A reference as the gateway sends it: the entity's type and the fields of one of its keys. */
export interface Reference {
  readonly __typename: string
  readonly [keyField: string]: unknown
}

/**
 * Finds the entity of a reference; null when there is none. Called for every reference of a request in one go, so it
 * answers through a DataLoader of the request (`context.once`), which makes them one statement.
 */
export type ReferenceResolver = (
  reference: Reference,
  context: SubgraphContext,
) => Promise<object | null> | object | null

export type References = Readonly<Record<string, ReferenceResolver>>

/** Marks an entity with its type, which `_Entity` is told apart by. */
function named(typename: string, entity: object | null): object | null {
  if (entity === null) return null
  const marked = entity as { __typename?: string }
  if (marked.__typename === typename) return entity
  // Frozen, or the same row as an entity of another type: a copy.
  if (marked.__typename !== undefined || !Object.isExtensible(entity))
    return { ...entity, __typename: typename }
  marked.__typename = typename
  return entity
}

function isReference(value: unknown): value is Reference {
  return (
    typeof value === 'object' &&
    value !== null &&
    '__typename' in value &&
    typeof value.__typename === 'string'
  )
}

/**
 * Sets the resolver of `_entities` in place. A type without a reference resolver answers the reference itself (types
 * that are only pointed to, `resolvable: false`).
 * @throws Error when a resolver names a type that has no key
 */
export function resolveReferences(schema: GraphQLSchema, references: References): void {
  const union = schema.getType('_Entity')
  const known = new Set(isUnionType(union) ? union.getTypes().map(({ name }) => name) : [])
  for (const name of Object.keys(references)) {
    if (!known.has(name) || !isObjectType(schema.getType(name)))
      throw new Error(`${name} is no entity of this schema`)
  }
  if (!isUnionType(union)) return
  const resolveOne = (
    reference: unknown,
    context: SubgraphContext,
  ): Promise<object | null> | object | null => {
    if (!isReference(reference) || !known.has(reference.__typename)) {
      return Promise.reject(
        badUserInput('A representation names no entity of this subgraph.', 'representations'),
      )
    }
    const typename = reference.__typename
    const entity = references[typename] ? references[typename](reference, context) : { ...reference }
    return entity instanceof Promise
      ? entity.then((found) => named(typename, found))
      : named(typename, entity)
  }
  const resolve: GraphQLFieldResolver<unknown, SubgraphContext, { representations: readonly unknown[] }> = (
    _,
    { representations },
    context,
  ) => representations.map((reference) => resolveOne(reference, context))
  const field = schema.getQueryType()?.getFields()._entities
  if (field) field.resolve = resolve
  union.resolveType = (entity: { __typename?: string }) => entity.__typename
}
