import type { AddressInfo } from 'node:net'
import { silentLog } from '@movieverse/kit/log'
import { noTrustedDocuments } from '../src/documents/trusted.ts'
import { createEngine } from '../src/execution/engine.ts'
import { createGateway, type Gateway, type GatewayOptions } from '../src/gateway.ts'
import { createHttpServer } from '../src/http/server.ts'
import { defaultLimits } from '../src/limits/settings.ts'
import { hivePlanner } from '../src/planning/planner.hive.ts'
import { createHttpTransport, type HttpTransportOptions } from '../src/transport/http.ts'

/** The body of an answer, as tests look into it. */
export interface Body {
  readonly data?: Record<string, unknown> | null
  readonly errors?: readonly {
    readonly message: string
    readonly path?: readonly (string | number)[]
    readonly extensions: Readonly<Record<string, unknown>>
  }[]
}

export interface RunningGateway {
  readonly gateway: Gateway
  /** `http://127.0.0.1:port` */
  readonly origin: string
  readonly url: string
  /** POSTs one request and reads the answer. */
  ask(query: string, variables?: unknown, headers?: Record<string, string>): Promise<Body>
  post(body: unknown, headers?: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

/** A gateway on a free port over subgraphs that answer by HTTP. */
export async function startGateway(
  supergraph: string,
  {
    headersFor,
    ...options
  }: Partial<Omit<GatewayOptions, 'engineOf' | 'source'>> & Pick<HttpTransportOptions, 'headersFor'> = {},
): Promise<RunningGateway> {
  const transport = createHttpTransport({ headersFor })
  const gateway = await createGateway({
    source: { read: async () => supergraph, watch: () => () => undefined },
    engineOf: (loaded) => createEngine({ supergraph: loaded, planner: hivePlanner, transport }),
    authentication: null,
    limits: defaultLimits,
    rates: null,
    cache: null,
    introspection: true,
    graphiql: null,
    trusted: noTrustedDocuments,
    log: silentLog,
    ...options,
  })
  const { server, close } = createHttpServer(gateway.handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  return {
    gateway,
    origin,
    url: `${origin}/graphql`,
    post,
    ask: async (query, variables, headers) =>
      (await (await post({ query, variables }, headers)).json()) as Body,
    async close() {
      await close()
      await gateway.close()
      await transport.close()
    },
  }
}
