import 'reflect-metadata'
import { buildSubgraphSchema, type GraphQLResolverMap, printSubgraphSchema } from '@apollo/subgraph'
import { type DocumentNode, type GraphQLSchema, Kind, parse, print, specifiedDirectives } from 'graphql'
import {
  type BuildSchemaOptions,
  buildSchemaSync,
  createResolversMap,
  type NonEmptyArray,
} from 'type-graphql'
import { enforceDirectives } from './authorise.ts'
import { resolveComputedFields } from './compiled.ts'
import { type References, resolveReferences } from './entities.ts'
import { traceResolvers } from './traced.ts'

export type { Reference, References } from './entities.ts'

/** The directives of Federation that services use; a service may import more. */
const federationImports = [
  '@key',
  '@shareable',
  '@external',
  '@requires',
  '@authenticated',
  '@requiresScopes',
  '@listSize',
  '@cost',
]

export interface FederatedSchemaOptions {
  /** Instances of resolver classes (made with their dependencies), or classes without any. */
  readonly resolvers: readonly object[]
  /** Object types that no field answers. */
  readonly orphanedTypes?: readonly Class[]
  /** How entities are found by their references: the types with a resolvable `@key`. */
  readonly references?: References
  /** Directives of Federation beside the usual ones: `@composeDirective`. */
  readonly imports?: readonly string[]
  /** SDL to add: another `@link`, a directive's definition, an extension. */
  readonly extraSdl?: string
}

type Class = abstract new (...args: never[]) => object

/**
 * Makes a subgraph's executable schema of its type-graphql classes: with `_entities` and `_service`, the rights of
 * `@authenticated` and `@requiresScopes` enforced, and a span at each entry.
 * @throws Error when the classes make no valid schema
 */
export function buildFederatedSchema(options: FederatedSchemaOptions): GraphQLSchema {
  const instances = new Map(
    options.resolvers.map((resolver) => {
      const instance = typeof resolver === 'function' ? new (resolver as new () => object)() : resolver
      return [instance.constructor, instance] as const
    }),
  )
  const plain = buildSchemaSync({
    resolvers: [...instances.keys()] as NonEmptyArray<Class> as BuildSchemaOptions['resolvers'],
    orphanedTypes: [...(options.orphanedTypes ?? [])],
    // Several instances of one service may live in a process: each schema keeps its own.
    container: { get: (resolver: object) => instances.get(resolver as () => void) },
    validate: false,
    // Federation's directives are defined by @link, which comes with the printed schema.
    skipCheck: true,
  })
  const imports = [...federationImports, ...(options.imports ?? [])]
  const typeDefs = withoutStandardDirectives(
    [
      `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ${JSON.stringify(imports)})`,
      options.extraSdl ?? '',
      printSubgraphSchema(plain),
    ].join('\n'),
  )
  const schema = buildSubgraphSchema([
    { typeDefs, resolvers: createResolversMap(plain) as GraphQLResolverMap },
  ])
  schema.extensions = { ...schema.extensions, [sdlKey]: print(typeDefs) }
  resolveComputedFields(schema)
  resolveReferences(schema, options.references ?? {})
  enforceDirectives(schema)
  traceResolvers(schema)
  return schema
}

/** The printer defines the directives that every GraphQL server has; federation's tools refuse them a second time. */
function withoutStandardDirectives(sdl: string): DocumentNode {
  const document = parse(sdl, { noLocation: true })
  const standard = new Set(specifiedDirectives.map(({ name }) => name))
  return {
    ...document,
    definitions: document.definitions.filter(
      (node) => node.kind !== Kind.DIRECTIVE_DEFINITION || !standard.has(node.name.value),
    ),
  }
}

const sdlKey = Symbol('sdl')

/**
 * The SDL that a subgraph publishes: what composition reads, without what federation itself defines.
 * @throws Error for a schema that buildFederatedSchema did not make
 */
export function printSdl(schema: GraphQLSchema): string {
  const sdl = (schema.extensions as Readonly<Record<symbol, unknown>>)[sdlKey]
  if (typeof sdl !== 'string') throw new Error('this is not the schema of a subgraph')
  return `${sdl}\n`
}
