import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { composeServices } from '@theguild/federation-composition'
import {
  type ExecutionResult,
  execute,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  parse,
  validate,
} from 'graphql'
import { createEngine } from '../../src/execution/engine.ts'
import type { DeniedFields, Engine, Operation, RequestContext, Supergraph } from '../../src/operation.ts'
import { apolloPlanner } from '../../src/planning/planner.apollo.ts'
import { hivePlanner } from '../../src/planning/planner.hive.ts'
import type { QueryPlannerFactory } from '../../src/planning/planner.ts'
import { readSupergraph } from '../../src/supergraph/read.ts'
import { SignalCancellation } from '../../src/transport/cancellation.ts'
import type { LocalExecutor } from '../../src/transport/local.ts'
import { createSubgraphTransport, type SubgraphTransportOptions } from '../../src/transport/subgraphs.ts'

/** A resolver of a fixture. Arguments and objects are whatever the fixture says. */
type Resolver = (source: never, args: never, context: unknown, info: GraphQLResolveInfo) => unknown

export type Resolvers = Record<string, Record<string, Resolver | { resolve: Resolver }>>

export interface Service {
  readonly sdl: string
  readonly resolvers: Resolvers
}

export interface TestContext extends Partial<Omit<RequestContext, 'cancellation'>> {
  readonly signal?: AbortSignal
}

/** What reached a subgraph. */
export interface SeenRequest {
  readonly service: string
  readonly query: string
  readonly variables: Record<string, unknown>
  readonly headers: Readonly<Record<string, unknown>>
}

/** Answers in a subgraph's place; returns false to let the subgraph answer. */
export type Interception = (
  request: SeenRequest,
  response: ServerResponse,
  incoming: IncomingMessage,
) => boolean | Promise<boolean>

export const planners: Readonly<Record<string, QueryPlannerFactory>> = {
  hive: hivePlanner,
  apollo: apolloPlanner,
}

const HEADER =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@inaccessible", "@interfaceObject", "@override"])'

export function federatedSchema(sdl: string, resolvers: Resolvers): GraphQLSchema {
  return buildSubgraphSchema([{ typeDefs: parse(`${HEADER}\n${sdl}`), resolvers: resolvers as never }])
}

export function compose(services: Readonly<Record<string, Service>>, origin: string): Supergraph {
  const result = composeServices(
    Object.entries(services).map(([name, { sdl }]) => ({
      name,
      typeDefs: parse(`${HEADER}\n${sdl}`),
      url: `${origin}/${name}`,
    })),
  )
  if (!result.supergraphSdl) {
    throw new Error(result.errors?.map((error) => error.message).join('\n') ?? 'not composed')
  }
  return readSupergraph(result.supergraphSdl)
}

/** Subgraphs that answer over real HTTP, each at `/<name>`, and the same ones in this process. */
export interface Subgraphs {
  readonly origin: string
  readonly supergraph: Supergraph
  readonly local: ReadonlyMap<string, LocalExecutor>
  readonly seen: SeenRequest[]
  /** Puts something before a subgraph until `restore`. */
  intercept(interception: Interception): void
  restore(): void
  close(): Promise<void>
}

export async function startSubgraphs(services: Readonly<Record<string, Service>>): Promise<Subgraphs> {
  const schemas = new Map(
    Object.entries(services).map(([name, { sdl, resolvers }]) => [name, federatedSchema(sdl, resolvers)]),
  )
  const seen: SeenRequest[] = []
  let interception: Interception | undefined

  const run = async (name: string, query: string, variables: Record<string, unknown>) => {
    const schema = schemas.get(name)
    if (!schema) throw new Error(`no subgraph ${name}`)
    const document = parse(query)
    const errors = validate(schema, document)
    if (errors.length > 0) return { errors }
    return execute({ schema, document, variableValues: variables })
  }

  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', async () => {
      const service = incoming.url?.slice(1) ?? ''
      const { query, variables } = JSON.parse(Buffer.concat(chunks).toString())
      const request = { service, query, variables, headers: incoming.headers }
      seen.push(request)
      if (interception && (await interception(request, response, incoming))) return
      const result = await run(service, query, variables)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(result))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const local = new Map<string, LocalExecutor>()
  for (const name of schemas.keys()) {
    local.set(name, async ({ query, variables }) => {
      seen.push({ service: name, query, variables, headers: {} })
      return run(name, query, { ...variables })
    })
  }

  return {
    origin,
    supergraph: compose(services, origin),
    local,
    seen,
    intercept(next) {
      interception = next
    },
    restore() {
      interception = undefined
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()))
        server.closeAllConnections()
      }),
  }
}

/** An engine over subgraphs, asked by text. */
export interface Asker {
  readonly engine: Engine
  /** @throws Error when the document is not valid */
  ask(query: string, options?: AskOptions): Promise<ExecutionResult>
  close(): Promise<void>
}

export interface AskOptions {
  readonly variables?: Record<string, unknown>
  readonly context?: TestContext
  readonly operationName?: string
  /** Chooses fields to deny by name. */
  readonly deny?: (field: string) => 'UNAUTHENTICATED' | 'FORBIDDEN' | undefined
}

export function createAsker(
  subgraphs: Subgraphs,
  planner: QueryPlannerFactory,
  options: SubgraphTransportOptions & { readonly inMemory?: boolean } = {},
): Asker {
  const { inMemory, ...transportOptions } = options
  const transport = createSubgraphTransport({
    ...transportOptions,
    local: inMemory ? subgraphs.local : undefined,
  })
  const { supergraph } = subgraphs
  const engine = createEngine({
    supergraph,
    planner,
    transport,
    onError: (error) => {
      throw error
    },
  })
  return {
    engine,
    async ask(query, { variables = {}, context, operationName, deny } = {}) {
      const operation = operationOf(supergraph, query, operationName)
      const denied = deny && deniedFields(operation, deny)
      const compiled = await engine.compile(operation, denied)
      const definitions = operation.definition.variableDefinitions ?? []
      const { coerced, errors } = getVariableValues(supergraph.schema, definitions, variables)
      if (errors) throw errors[0]
      const result = await compiled.execute(coerced, contextOf(context))
      return JSON.parse(JSON.stringify(result))
    },
    close: () => transport.close(),
  }
}

export function contextOf({ signal, ...context }: TestContext = {}): RequestContext {
  return {
    requestId: 'r1',
    viewer: null,
    clientAddress: undefined,
    userAgent: undefined,
    cancellation: new SignalCancellation(signal),
    headers: {},
    ...context,
  }
}

export function operationOf(supergraph: Supergraph, query: string, name?: string): Operation {
  const document = parse(query)
  const errors = validate(supergraph.schema, document)
  if (errors[0]) throw errors[0]
  const definition = document.definitions.find(
    (candidate) =>
      candidate.kind === Kind.OPERATION_DEFINITION && (name === undefined || candidate.name?.value === name),
  )
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation')
  return {
    document,
    definition,
    type: definition.operation,
    name: definition.name?.value,
    id: `${name ?? ''} ${query}`,
  }
}

function deniedFields(
  { document }: Operation,
  deny: (field: string) => 'UNAUTHENTICATED' | 'FORBIDDEN' | undefined,
): DeniedFields {
  const denied = new Map<Parameters<DeniedFields['get']>[0], 'UNAUTHENTICATED' | 'FORBIDDEN'>()
  const look = (selections: Operation['definition']['selectionSet']['selections']): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const code = deny(selection.name.value)
        if (code) denied.set(selection, code)
      }
      if (selection.kind !== Kind.FRAGMENT_SPREAD) look(selection.selectionSet?.selections ?? [])
    }
  }
  for (const definition of document.definitions) {
    if ('selectionSet' in definition) look(definition.selectionSet.selections)
  }
  return denied
}
