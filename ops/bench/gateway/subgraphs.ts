import { execute, type GraphQLSchema, parse } from 'graphql'
import { z } from 'zod'
import { buildServices } from './services.ts'
import { createWireServer, jsonResponse } from './wire.ts'

/** A gateway that varies its bodies from request to request must not fill the memory. */
const MEMO_LIMIT = 20_000

const requestBody = z.object({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
})

/**
 * Serves the four subgraphs at /users, /products, /inventory and /reviews of one port, and the number of requests
 * they have answered so far at /count. Each body is executed by graphql-js when it is first seen; its answer is kept
 * as bytes, so that a subgraph costs some microseconds whatever a gateway asks for.
 */
export async function serveSubgraphs(port: number): Promise<void> {
  const schemas = await buildServices()
  const memo = new Map([...schemas.keys()].map((name) => [`/${name}`, new Map<string, Buffer>()]))
  let count = 0
  const server = createWireServer((path, body) => {
    const known = memo.get(path)
    if (known === undefined) return jsonResponse(JSON.stringify({ count }))
    count++
    const answer = known.get(body)
    if (answer !== undefined) return answer
    const schema = schemas.get(path.slice(1))
    if (schema === undefined) return jsonResponse('{}', '404 Not Found')
    return answerOnce(schema, body).then((bytes) => {
      if (known.size < MEMO_LIMIT) known.set(body, bytes)
      return bytes
    })
  })
  server.listen(port, '127.0.0.1')
}

async function answerOnce(schema: GraphQLSchema, body: string): Promise<Buffer> {
  const text = Buffer.from(body, 'latin1').toString('utf8')
  const { query, operationName, variables } = requestBody.parse(JSON.parse(text))
  const result = await execute({
    schema,
    document: parse(query),
    operationName: operationName ?? undefined,
    variableValues: variables ?? undefined,
  })
  return jsonResponse(JSON.stringify(result))
}
