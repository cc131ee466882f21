import {
  type DocumentNode,
  defaultFieldResolver,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  valueFromASTUntyped,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { compileQuery, isCompiledQuery } from 'graphql-jit'
import type { SubgraphContext } from '../context.ts'

/** An operation as a function, several times as fast as graphql-js over long lists. */
export type CompiledOperation = (
  context: SubgraphContext,
  variables: Readonly<Record<string, unknown>> | null | undefined,
) => Promise<ExecutionResult>

/**
 * Compiles a validated query by graphql-jit.
 * @returns undefined for what only graphql-js runs as it should: mutations, and fields of unions and interfaces (whose
 * types are resolved with promises) but for `_entities`
 */
export function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CompiledOperation | undefined {
  if (operation.operation !== 'query' || asksForAbstractTypes(schema, document)) return undefined
  const compiled = compileQuery(schema, document, operation.name?.value, {
    disablingCapturingStackErrors: true,
  })
  if (!isCompiledQuery(compiled)) return undefined
  const defaults = requiredDefaults(operation)
  return async (context, variables) => {
    const given = defaults === undefined ? (variables ?? {}) : { ...defaults, ...variables }
    const result: ExecutionResult = await compiled.query(undefined, context, given)
    return result.errors ? { ...result, errors: result.errors.map(completeError) } : result
  }
}

/** What graphql-jit asks for although the operation says what it is by default: variables of non-null types. */
function requiredDefaults({ variableDefinitions = [] }: OperationDefinitionNode) {
  const values = variableDefinitions.flatMap(({ variable, type, defaultValue }) =>
    type.kind === Kind.NON_NULL_TYPE && defaultValue
      ? [[variable.name.value, valueFromASTUntyped(defaultValue)] as const]
      : [],
  )
  return values.length > 0 ? Object.fromEntries(values) : undefined
}

/** Its errors lack the extensions that a GraphQLError always has (github.com/zalando-incubator/graphql-jit/issues/234). */
function completeError({ message, path, originalError, extensions }: GraphQLError): GraphQLError {
  return new GraphQLError(message, { path, originalError, extensions: extensions ?? {} })
}

function asksForAbstractTypes(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema)
  let found = false
  visit(
    document,
    visitWithTypeInfo(types, {
      Field() {
        const type = getNamedType(types.getType())
        if (isAbstractType(type) && type.name !== '_Entity') found = true
      },
    }),
  )
  return found
}

/**
 * Lets values be functions and promises, as graphql-js does, where services have them: objects and lists, and the counts
 * of connections. Compiled operations read every other field without a resolver as plain data.
 */
export function resolveComputedFields(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    const fields = type.getFields()
    for (const field of Object.values(fields)) {
      const mayBeComputed = isCompositeType(getNamedType(field.type)) || 'edges' in fields
      if (mayBeComputed) field.resolve ??= defaultFieldResolver
    }
  }
}
