import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '@movieverse/kit/log'
import type { GraphiQL } from '../graphiql/graphiql.ts'
import type { Addresses } from './addresses.ts'
import { send } from './answer.ts'
import type { Cors } from './cors.ts'
import { type FaultCode, faultResult, RequestFault } from './faults.ts'
import type { GraphQLEndpoint } from './graphql.ts'
import { prefersHtml } from './negotiation.ts'

export interface RoutesDependencies {
  readonly graphql: GraphQLEndpoint
  /** Null where the page is not served. */
  readonly graphiql: GraphiQL | null
  readonly addresses: Addresses
  readonly cors: Cors
  readonly log: Log
}

/** Answers one request; never throws. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void

export const graphqlPath = '/graphql'

/** Sends requests where they belong: GraphQL, GraphiQL, CORS preflights; everything else is 404 in JSON. */
export function createRoutes({ graphql, graphiql, addresses, cors, log }: RoutesDependencies): Handler {
  function refuse(
    request: IncomingMessage,
    response: ServerResponse,
    fault: RequestFault,
  ): Promise<void> | undefined {
    request.resume()
    return send(request, response, {
      status: fault.status,
      contentType: 'application/json; charset=utf-8',
      body: JSON.stringify(faultResult(fault)),
      headers: [...cors.headersFor(request), ...Object.entries(fault.headers).flat()],
    })
  }

  function route(request: IncomingMessage, response: ServerResponse): Promise<void> | void {
    const { method = '', url = '' } = request
    const at = url.indexOf('?')
    const path = at < 0 ? url : url.slice(0, at)
    const fault = (code: FaultCode, message: string, headers = {}) =>
      refuse(request, response, new RequestFault(code, message, { headers }))

    const address = addresses.clientOf(request)
    if (addresses.isBlocked(address))
      return fault('ADDRESS_BLOCKED', 'Requests from this address are not answered.')
    if (path === graphqlPath) {
      if (method === 'POST') return graphql(request, response, address)
      if (method === 'GET')
        return graphiql !== null && prefersHtml(request.headers.accept)
          ? graphiql.page(request, response)
          : graphql(request, response, address)
      if (method === 'OPTIONS') {
        response.writeHead(204, ['allow', 'GET, POST, OPTIONS', ...cors.preflight(request)]).end()
        return
      }
      return fault('METHOD_NOT_ALLOWED', `${method} is not allowed here.`, { allow: 'GET, POST, OPTIONS' })
    }
    if (graphiql !== null && method === 'GET') {
      if (path === '/') return graphiql.page(request, response)
      if (path.startsWith('/graphiql/') && graphiql.has(path)) return graphiql.asset(path, request, response)
    }
    return fault('NOT_FOUND', 'There is nothing here. GraphQL is at /graphql.')
  }

  function recover(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    log.error({ err: error }, 'a request could not be answered')
    const fault = new RequestFault('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.')
    // A refusal is short, so it is written at once.
    if (response.headersSent) response.destroy()
    else void refuse(request, response, fault)
  }

  return (request, response) => {
    try {
      const answering = route(request, response)
      if (answering instanceof Promise) answering.catch((error: unknown) => recover(error, request, response))
    } catch (error) {
      recover(error, request, response)
    }
  }
}
