import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApolloServer, HeaderMap } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import { context as openTelemetry } from '@opentelemetry/api'
import { GraphQLError } from 'graphql'
import type { SubgraphContext } from './context.ts'
import { drainServer } from './drain.ts'
import { codedError, errorCatalogue, errorCode, StartupError } from './errors.ts'
import { createContext, createLocalExecutor } from './graphql/local.ts'
import { createHealthHandler, type HealthState } from './health.ts'
import { readBody } from './http-body.ts'
import { type IdentityVerifier, identityHeader } from './identity.ts'
import type { Log } from './log.ts'
import type { Subgraph } from './subgraph.ts'
import { contextOf } from './trace-context.ts'

export interface SubgraphServerOptions {
  readonly subgraph: Pick<Subgraph, 'name' | 'schema'>
  /** Of the subgraph's own audience. */
  readonly identity: IdentityVerifier
  /** 0 takes a free one. */
  readonly port: number
  /** Default: the loopback interface. */
  readonly host?: string
  readonly health: HealthState
  readonly log: Log
  /** Bytes of a request at most; default 4 MB (representations of a large page). */
  readonly maxBodyBytes?: number
  /** Whether introspection is answered; `_service` is. Default false. */
  readonly introspection?: boolean
  /** Public documents by path, answered to anyone: `/.well-known/jwks.json`. */
  readonly documents?: Readonly<Record<string, () => Promise<unknown>>>
  /** Milliseconds for which it still answers when it is to close; default 0. */
  readonly drainMs?: number
}

export interface SubgraphServer {
  readonly port: number
  /** Sends those who ask elsewhere, then takes no new request and waits for those in hand. */
  close(): Promise<void>
}

/**
 * Serves one subgraph over HTTP: `POST /graphql` to those alone who carry an identity signed for it (the gateway, other
 * services), `_entities` and `_service` included; `/healthz`, `/readyz`, `/metrics` to anyone. What the headers say of
 * the client (address, user agent, request id, trace) is believed because the identity was.
 * @throws StartupError PORT_TAKEN
 */
export async function startSubgraphServer(options: SubgraphServerOptions): Promise<SubgraphServer> {
  const { log, documents = {} } = options
  const answerHealth = createHealthHandler(options.health)
  const graphql = await createGraphQLHandler(options)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (answerHealth(request, response)) return
    const path = request.url?.split('?', 1)[0] ?? ''
    if (path === '/graphql') return graphql.handle(request, response)
    const document = Object.hasOwn(documents, path) ? documents[path] : undefined
    if (!document || request.method !== 'GET') return sendError(response, codedError('NOT_FOUND'))
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'public, max-age=60' })
    response.end(JSON.stringify(await document()))
  }

  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!(error instanceof GraphQLError)) log.error({ err: error }, 'a request failed')
      sendError(response, error instanceof GraphQLError ? error : codedError('INTERNAL_SERVER_ERROR'))
    })
  })
  // Longer than its clients keep a connection: they are the ones to let go, or requests would meet closing sockets.
  server.keepAliveTimeout = 75_000
  await listen(server, options.port, options.host ?? '127.0.0.1')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      await drainServer(server, options.drainMs ?? 0)
      await graphql.stop()
    },
  }
}

function listen(server: ReturnType<typeof createServer>, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new StartupError(
          'PORT_TAKEN',
          `Port ${port} cannot be listened on: ${error.message}.`,
          'Stop what listens there, or set PORT to another one.',
          { cause: error },
        ),
      ),
    )
    server.listen(port, host, resolve)
  })
}

function sendError(response: ServerResponse, error: GraphQLError): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const status = errorCatalogue[errorCode(error) ?? 'INTERNAL_SERVER_ERROR'].status
  // A refused body is still on its way: the connection cannot be used again.
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify({ errors: [error.toJSON()] }))
}

async function createGraphQLHandler(options: SubgraphServerOptions) {
  const { subgraph, log, maxBodyBytes = 4_000_000 } = options
  const execute = createLocalExecutor(subgraph.schema, { log })
  const apollo = new ApolloServer<SubgraphContext>({
    // Apollo reads and checks the request; what it asks for runs as it does in memory, compiled and masked.
    gateway: {
      load: async () => ({
        executor: ({ request, operationName, context }) =>
          execute(
            { query: request.query ?? '', operationName, variables: request.variables },
            context as SubgraphContext,
          ),
      }),
      onSchemaLoadOrUpdate(callback) {
        callback({ apiSchema: subgraph.schema, coreSupergraphSdl: '' })
        return () => undefined
      },
      stop: async () => undefined,
    },
    introspection: options.introspection ?? false,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    persistedQueries: false,
    plugins: [
      // Each of them would look at every field that is resolved, or call home.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  })
  await apollo.start()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') throw codedError('METHOD_NOT_ALLOWED')
    const identity = await options.identity.verify(header(request, identityHeader))
    const body = parseJson(await readBody(request, maxBodyBytes))
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const context = createContext({
      ...identity,
      requestId: header(request, 'x-request-id') ?? randomUUID(),
      clientAddress: header(request, 'x-forwarded-for')?.split(',', 1)[0]?.trim(),
      userAgent: header(request, 'user-agent'),
      cancellation: gone,
    })
    const headers = new HeaderMap()
    for (const name of ['content-type', 'accept', 'apollo-require-preflight']) {
      const value = header(request, name)
      if (value !== undefined) headers.set(name, value)
    }
    const answer = await openTelemetry.with(contextOf(header(request, 'traceparent')), () =>
      apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { method: 'POST', headers, search: '', body },
        context: async () => context,
      }),
    )
    // Subgraphs have no @defer: the answer is always complete.
    const text = answer.body.kind === 'complete' ? answer.body.string : ''
    for (const [name, value] of answer.headers) response.setHeader(name, value)
    response.writeHead(answer.status ?? 200)
    response.end(text)
  }

  return { handle, stop: () => apollo.stop() }
}

function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw codedError('BAD_REQUEST', 'The body is not JSON.')
  }
}
