import type { ExecutionResult } from 'graphql'
import type { RequestContext } from '../operation.ts'
import { readResponse } from './response.ts'
import { type SubgraphRequest, type SubgraphResponse, type Transport, TransportError } from './transport.ts'

/** A subgraph of the same process. It may cache by `query`: there are few texts, and each comes often. */
export type LocalExecutor = (
  request: {
    readonly query: string
    readonly operationName: string | undefined
    readonly variables: Readonly<Record<string, unknown>>
  },
  context: RequestContext,
) => Promise<ExecutionResult>

export interface LocalTransportOptions {
  /** By service name. */
  readonly executors: ReadonlyMap<string, LocalExecutor>
  /** A fetch without an answer after so many milliseconds fails; the subgraph is not stopped by that. */
  readonly timeoutMs?: number
}

/** Subgraphs of the same process, called without HTTP. Their results become part of the answer as they are. */
export function createLocalTransport({ executors, timeoutMs = 10_000 }: LocalTransportOptions): Transport {
  const run = async (request: SubgraphRequest, context: RequestContext): Promise<SubgraphResponse> => {
    const executor = executors.get(request.service)
    if (!executor) throw new TransportError('SERVICE_UNAVAILABLE', 'The service is not part of this process.')
    const { text, name } = request.operation
    const variables: Record<string, unknown> = JSON.parse(request.variables)
    const result = await executor({ query: text, operationName: name, variables }, context)
    const response = readResponse(
      result.errors ? { ...result, errors: result.errors.map(plainError) } : result,
    )
    if (response) return response
    throw new TransportError('SUBREQUEST_MALFORMED_RESPONSE', 'The service did not answer with GraphQL.')
  }

  return {
    async send(request, context) {
      const { cancellation } = request
      if (cancellation.cancelled) throw cancelled()
      const stopped = Promise.withResolvers<never>()
      const timer = setTimeout(
        () =>
          stopped.reject(
            new TransportError('SUBREQUEST_TIMEOUT', `The service did not answer within ${timeoutMs} ms.`),
          ),
        timeoutMs,
      )
      const stop = () => stopped.reject(cancelled())
      cancellation.add(stop)
      try {
        return await Promise.race([run(request, context), stopped.promise])
      } finally {
        clearTimeout(timer)
        cancellation.remove(stop)
      }
    },
    close: async () => undefined,
  }
}

const cancelled = () => new TransportError('REQUEST_CANCELLED', 'The request was cancelled.')

function plainError({ message, path, extensions }: NonNullable<ExecutionResult['errors']>[number]) {
  return { message, path, extensions }
}
