import { randomUUID } from 'node:crypto'
import {
  createContext,
  createLocalExecutor,
  type LocalExecutor,
  type SubgraphRequest,
} from '../graphql/local.ts'
import { silentLog } from '../log.ts'
import type { Subgraph } from '../subgraph.ts'
import type { Viewer } from '../viewer.ts'

export interface TestRequest extends SubgraphRequest {
  readonly viewer?: Viewer | null
  /** Name of the service that asks on its own behalf. */
  readonly service?: string
  readonly clientAddress?: string
  readonly userAgent?: string
}

/** The members of a JSON object; a test names their types where it reaches in. */
export type JsonData = Readonly<Record<string, unknown>>

/** An answer as it is in JSON. */
export interface TestResult<Data> {
  readonly data: Data
  readonly errors?: readonly {
    readonly message: string
    readonly path?: readonly (string | number)[]
    readonly extensions: { readonly code: string } & Readonly<Record<string, unknown>>
  }[]
}

const executors = new WeakMap<Subgraph, LocalExecutor>()

/**
 * Asks a subgraph through the executor that production uses, with queries compiled at once, and answers plain JSON.
 * @typeParam Data what the test takes the answer's `data` for
 */
export async function executeOn<Data = JsonData>(
  subgraph: Subgraph,
  request: TestRequest,
): Promise<TestResult<Data>> {
  let execute = executors.get(subgraph)
  if (!execute) {
    execute = createLocalExecutor(subgraph.schema, { log: silentLog, compileAfter: 0 })
    executors.set(subgraph, execute)
  }
  const { viewer, service, clientAddress, userAgent, ...operation } = request
  const context = createContext({ requestId: randomUUID(), viewer, service, clientAddress, userAgent })
  return JSON.parse(JSON.stringify(await execute(operation, context))) as TestResult<Data>
}
