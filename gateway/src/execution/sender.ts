import type { EntityFetchNode, RootFetchNode } from '../planning/plan.ts'
import {
  type SubgraphOperation,
  type SubgraphResponse,
  subgraphOperation,
  type Transport,
} from '../transport/transport.ts'
import { type PlannedOperation, readOperation } from './operation-text.ts'
import type { Run } from './run.ts'

/** A variable of a fetch and the JSON text of its value. */
export type VariableText = readonly [name: string, json: string]

/** An operation that a plan fetches, as it is sent and as it is read. */
export interface FetchOperation {
  readonly sent: SubgraphOperation
  readonly planned: PlannedOperation
}

export function fetchOperation(fetch: RootFetchNode | EntityFetchNode): FetchOperation {
  return {
    sent: subgraphOperation(fetch.operation, fetch.operationName, fetch.operationKind),
    planned: readOperation(fetch.operation),
  }
}

/** Sends one fetch of a run. Rejects as the transport does. */
export type Send = (
  run: Run,
  operation: FetchOperation,
  variables: readonly VariableText[],
) => Promise<SubgraphResponse>

/** The plain way: each fetch is a request of its own. */
export function createSend(transport: Transport, service: string, url: string): Send {
  return ({ context, cancellation }, { sent: operation }, variables) =>
    transport.send({ service, url, operation, variables: variablesText(variables), cancellation }, context)
}

/** JSON text of an object. Names of variables need no escapes. */
export function variablesText(variables: readonly VariableText[]): string {
  let text = ''
  for (const [name, json] of variables) text += `${text === '' ? '{' : ','}"${name}":${json}`
  return text === '' ? '{}' : `${text}}`
}
