import type {
  SubgraphOperation,
  SubgraphRequest,
  SubgraphResponse,
  Transport,
} from '../transport/transport.ts'
import type { Run } from './run.ts'

/** Sends one fetch of a run. Rejects as the transport does. */
export type Send = (run: Run, operation: SubgraphOperation, variables: string) => Promise<SubgraphResponse>

/** The plain way: each fetch is a request of its own. */
export function createSend(transport: Transport, service: string, url: string): Send {
  return (run, operation, variables) => {
    const request: SubgraphRequest = { service, url, operation, variables }
    return transport.send(request, run.context)
  }
}
