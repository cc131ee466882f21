import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql'
import { LRUCache } from 'lru-cache'
import type { SubgraphContext } from '../context.ts'
import type { Log } from '../log.ts'
import type { Viewer } from '../viewer.ts'
import { type CompiledOperation, compileOperation } from './compiled.ts'
import { maskResult, refusal, withCode } from './masking.ts'

/** A GraphQL request as it goes to a subgraph. */
export interface SubgraphRequest {
  readonly query: string
  readonly operationName?: string | null
  readonly variables?: Readonly<Record<string, unknown>> | null
}

/** Runs a request in this process. Never rejects: faults are the result's errors, each with a code. */
export type LocalExecutor = (request: SubgraphRequest, context: SubgraphContext) => Promise<ExecutionResult>

export interface LocalExecutorOptions {
  readonly log: Log
  /** Characters of documents kept parsed and validated; default 2,000,000. */
  readonly documentCacheSize?: number
  /** Runs of an operation by graphql-js before it is compiled (a few ms, once); default 3. */
  readonly compileAfter?: number
}

type Prepared = PreparedDocument | { readonly errors: readonly GraphQLError[] }

interface PreparedDocument {
  readonly document: DocumentNode
  /** By the operation's name. */
  readonly operations: Map<string, Runs>
}

interface Runs {
  runs: number
  compiled?: CompiledOperation
}

/**
 * An executor over a subgraph's schema, without HTTP and without JSON: what it answers are the objects of the execution.
 * Documents are parsed and validated once; operations that come again are compiled (`compiled.ts`), others run by
 * graphql-js.
 */
export function createLocalExecutor(schema: GraphQLSchema, options: LocalExecutorOptions): LocalExecutor {
  const { log, documentCacheSize = 2_000_000, compileAfter = 3 } = options
  const documents = new LRUCache<string, Prepared>({
    maxSize: documentCacheSize,
    sizeCalculation: (_, text) => text.length + 1,
  })

  function prepare(text: string): Prepared {
    const known = documents.get(text)
    if (known) return known
    const prepared = prepareDocument(schema, text)
    documents.set(text, prepared)
    return prepared
  }

  /** @returns undefined when the operation is not compiled, or its compiled form failed and graphql-js has to run it */
  async function runCompiled(
    { document, operations }: PreparedDocument,
    operation: OperationDefinitionNode,
    run: { readonly variables: SubgraphRequest['variables']; readonly context: SubgraphContext },
  ): Promise<ExecutionResult | undefined> {
    const name = operation.name?.value ?? ''
    const entry: Runs = operations.get(name) ?? { runs: 0 }
    operations.set(name, entry)
    if (entry.runs === compileAfter) entry.compiled = compileOperation(schema, document, operation)
    entry.runs += 1
    if (!entry.compiled) return undefined
    try {
      return await entry.compiled(run.context, run.variables)
    } catch (error) {
      entry.compiled = undefined
      log.warn({ err: error, requestId: run.context.requestId }, 'a compiled query failed; it is interpreted')
      return undefined
    }
  }

  return async ({ query, operationName, variables }, context) => {
    const prepared = prepare(query)
    if ('errors' in prepared) return prepared
    const { document } = prepared
    const operation = getOperationAST(document, operationName)
    if (!operation) return refusal('OPERATION_RESOLUTION_FAILURE')
    if (operation.operation === 'subscription') {
      return refusal('BAD_REQUEST', 'Subscriptions are served by the gateway, from the events.')
    }
    try {
      const result =
        (await runCompiled(prepared, operation, { variables, context })) ??
        (await execute({ schema, document, operationName, variableValues: variables, contextValue: context }))
      return maskResult(result, context, log)
    } catch (error) {
      log.error({ err: error, requestId: context.requestId }, 'an execution failed')
      return refusal('INTERNAL_SERVER_ERROR')
    }
  }
}

function prepareDocument(schema: GraphQLSchema, text: string): Prepared {
  let document: DocumentNode
  try {
    document = parse(text, { maxTokens: 50_000 })
  } catch (error) {
    return { errors: [withCode(error as GraphQLError, 'GRAPHQL_PARSE_FAILED')] }
  }
  const errors = validate(schema, document)
  if (errors.length === 0) return { document, operations: new Map() }
  return { errors: errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')) }
}

export interface ContextOptions {
  readonly requestId: string
  readonly viewer?: Viewer | null
  readonly service?: string
  readonly clientAddress?: string
  readonly userAgent?: string
  /** Whose signal is read when a resolver asks for it. Default: never aborted. */
  readonly cancellation?: { readonly signal: AbortSignal }
}

const neverAborted = new AbortController().signal

/**
 * A class for its getter's sake: one in an object literal gives each object a shape of its own, which V8 keeps, with all
 * that the getter's closure can reach, until its next full collection. Nothing in it is `#private`: Apollo Server hands
 * on a copy of its context.
 */
class RequestScope implements SubgraphContext {
  readonly requestId: string
  readonly viewer: Viewer | null
  readonly service: string | undefined
  readonly clientAddress: string | undefined
  readonly userAgent: string | undefined
  private readonly cancellation: ContextOptions['cancellation']
  private readonly made = new Map<symbol, unknown>()

  constructor(options: ContextOptions) {
    this.requestId = options.requestId
    this.viewer = options.viewer ?? null
    this.service = options.service
    this.clientAddress = options.clientAddress
    this.userAgent = options.userAgent
    this.cancellation = options.cancellation
  }

  get signal(): AbortSignal {
    return this.cancellation?.signal ?? neverAborted
  }

  once<T>(key: symbol, make: () => T): T {
    if (!this.made.has(key)) this.made.set(key, make())
    return this.made.get(key) as T
  }
}

/** The context of one subgraph request. */
export function createContext(options: ContextOptions): SubgraphContext {
  return new RequestScope(options)
}
