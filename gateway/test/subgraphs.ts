import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { type GraphQLFieldResolver, graphql, parse } from 'graphql'
import { composed, link } from './composed.ts'

export type Resolvers = Record<string, Record<string, GraphQLFieldResolver<unknown, unknown>>>

export interface Service {
  readonly sdl: string
  readonly resolvers: Resolvers
}

/** A request as a subgraph saw it. */
export interface Fetch {
  readonly service: string
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly headers: IncomingHttpHeaders
}

export interface Subgraphs {
  readonly supergraph: string
  readonly origin: string
  /** Everything that the subgraphs were asked, in order. */
  readonly fetches: Fetch[]
  /** Services whose answer was not waited for. */
  readonly abandoned: string[]
  close(): Promise<void>
}

/** Real subgraphs over HTTP, and the supergraph that names them. */
export async function startSubgraphs(services: Readonly<Record<string, Service>>): Promise<Subgraphs> {
  const schemas = new Map(
    Object.entries(services).map(([name, { sdl, resolvers }]) => [
      name,
      buildSubgraphSchema([{ typeDefs: parse(`${link}\n${sdl}`), resolvers }]),
    ]),
  )
  const fetches: Fetch[] = []
  const abandoned: string[] = []
  const server = createServer(async (request, response) => {
    const service = request.url?.slice(1) ?? ''
    const schema = schemas.get(service)
    if (!schema) {
      response.writeHead(404).end()
      return
    }
    response.once('close', () => {
      if (!response.writableFinished) abandoned.push(service)
    })
    const { query, variables = {} } = JSON.parse(await text(request)) as Fetch
    fetches.push({ service, query, variables, headers: request.headers })
    const result = await graphql({
      schema,
      source: query,
      variableValues: variables,
      contextValue: request.headers,
    })
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sdls = Object.fromEntries(Object.entries(services).map(([name, { sdl }]) => [name, sdl]))
  return {
    origin: `http://127.0.0.1:${port}`,
    supergraph: composed(sdls, (name) => `http://127.0.0.1:${port}/${name}`),
    fetches,
    abandoned,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
