import { randomUUID } from 'node:crypto'
import type { ExecutionResult } from 'graphql'
import type { Addresses } from './addresses.ts'
import { reasonOf } from './errors.ts'
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
        const [error] = result.errors ?? []
        const message = `${subgraph} did not answer for ${typename}: ${error?.message ?? 'no data'}`
        throw error?.extensions?.code === 'SERVICE_UNAVAILABLE'
          ? new OwnerUnavailable(message)
          : new Error(message)
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
  readonly addresses: Addresses
  /** Milliseconds; default 10,000. */
  readonly timeoutMs?: number
}

/** The owner of entities cannot be asked at present, which says nothing of what is asked (`isOutage`). */
export class OwnerUnavailable extends Error {
  override readonly name = 'OwnerUnavailable'
}

/**
 * Reads entities over HTTP with an identity of the service's own. A process of the owner that cannot be reached or
 * answers that it is ill is passed over for the next; a read changes nothing, so it may be asked twice.
 */
export function createHttpEntityReader(options: HttpEntityReaderOptions): EntityReader {
  const { service, signer, addresses, timeoutMs = 10_000 } = options
  let turn = 0
  return createReader(async (subgraph, request) => {
    const urls = addresses(subgraph)
    if (urls.length === 0) throw new Error(`no address of ${subgraph} is known`)
    const traceparent = activeTraceparent()
    const headers = {
      'content-type': 'application/json',
      'x-request-id': randomUUID(),
      [identityHeader]: await signer.sign(subgraph, { viewer: null, service }),
      ...(traceparent ? { traceparent } : {}),
    }
    const signal = AbortSignal.timeout(timeoutMs)
    const sent = { method: 'POST', headers, body: JSON.stringify(request), signal }
    const first = turn++
    // Once more than there are addresses: a lost connection says nothing of the process behind it.
    for (let attempt = 0; ; attempt++) {
      try {
        return await post(subgraph, urls[(first + attempt) % urls.length] ?? '', sent)
      } catch (error) {
        const isLast = attempt === urls.length || signal.aborted
        if (isLast || !(error instanceof OwnerUnavailable)) throw error
      }
    }
  })
}

/** @throws OwnerUnavailable when this process of the owner cannot answer; Error when it refuses */
async function post(owner: string, url: string, sent: RequestInit): Promise<ExecutionResult> {
  let response: Response
  try {
    response = await fetch(url, sent)
    if (response.ok) return (await response.json()) as ExecutionResult
    await response.body?.cancel()
  } catch (cause) {
    throw new OwnerUnavailable(`${owner} cannot be asked at ${url}: ${reasonOf(cause)}`, { cause })
  }
  const refusal = `${owner} answered ${response.status} at ${url}`
  // 401: its clock or this one is wrong, or its key; another process may see it otherwise.
  const isIll = response.status >= 500 || response.status === 401
  throw isIll ? new OwnerUnavailable(refusal) : new Error(refusal)
}
