import { randomUUID } from 'node:crypto'
import type { ExecutionResult } from 'graphql'
import { createContext, type LocalExecutor } from './graphql/local.ts'
import { type IdentitySigner, identityHeader } from './identity.ts'
import type { EntityReader } from './subgraph.ts'
import { withSpan } from './telemetry.ts'
import { activeTraceparent } from './trace-context.ts'

/** Ids of one read at most. */
const largestRead = 1000

type Ask = (
  subgraph: string,
  request: { readonly query: string; readonly variables: Readonly<Record<string, unknown>> },
) => Promise<ExecutionResult>

function createReader(ask: Ask): EntityReader {
  return {
    async read<T>(
      subgraph: string,
      typename: string,
      ids: readonly (number | string)[],
      selection: string,
    ): Promise<readonly (T | null)[]> {
      if (ids.length > largestRead) throw new RangeError(`at most ${largestRead} entities are read at once`)
      if (ids.length === 0) return []
      const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${typename} { ${selection} } } }`
      const representations = ids.map((id) => ({ __typename: typename, id: String(id) }))
      const result = await withSpan(
        'entities.read',
        { attributes: { 'movieverse.subgraph': subgraph, 'movieverse.type': typename } },
        () => ask(subgraph, { query, variables: { representations } }),
      )
      const entities = result.data?._entities
      if (result.errors || !Array.isArray(entities) || entities.length !== ids.length) {
        throw new Error(
          `${subgraph} did not answer for ${typename}: ${result.errors?.[0]?.message ?? 'no data'}`,
        )
      }
      return entities as (T | null)[]
    },
  }
}

/**
 * Reads entities of subgraphs of the same process.
 * @param service who asks
 * @param executors by subgraph's name; may be filled after this call, since services read from each other
 */
export function createLocalEntityReader(
  service: string,
  executors: ReadonlyMap<string, LocalExecutor>,
): EntityReader {
  return createReader(async (subgraph, request) => {
    const execute = executors.get(subgraph)
    if (!execute) throw new Error(`${subgraph} is not part of this process`)
    return execute(request, createContext({ requestId: randomUUID(), service }))
  })
}

export interface HttpEntityReaderOptions {
  /** Who asks. */
  readonly service: string
  readonly signer: IdentitySigner
  /** GraphQL address of a subgraph: `http://127.0.0.1:4003/graphql`. */
  readonly urlOf: (subgraph: string) => string | undefined
  /** Milliseconds; default 10,000. */
  readonly timeoutMs?: number
}

/** Reads entities over HTTP with an identity of the service's own. */
export function createHttpEntityReader(options: HttpEntityReaderOptions): EntityReader {
  const { service, signer, urlOf, timeoutMs = 10_000 } = options
  return createReader(async (subgraph, request) => {
    const url = urlOf(subgraph)
    if (url === undefined) throw new Error(`no address of ${subgraph} is known`)
    const traceparent = activeTraceparent()
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-request-id': randomUUID(),
        [identityHeader]: await signer.sign(subgraph, { viewer: null, service }),
        ...(traceparent ? { traceparent } : {}),
      },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (!response.ok) throw new Error(`${subgraph} answered ${response.status}`)
    return (await response.json()) as ExecutionResult
  })
}
