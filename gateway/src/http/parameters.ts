import { RequestFault } from './faults.ts'

/** The parameters of one GraphQL request (GraphQL over HTTP §5.1), checked for their types only. */
export interface Parameters {
  readonly query: string | undefined
  readonly operationName: string | undefined
  readonly variables: Readonly<Record<string, unknown>> | undefined
  readonly extensions: Readonly<Record<string, unknown>> | undefined
  /** Identifier of a trusted document (GraphQL over HTTP, appendix on persisted documents). */
  readonly documentId: string | undefined
}

const bad = (message: string) => new RequestFault('BAD_REQUEST', message)

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw bad(`"${name}" must be a string.`)
  return value
}

function map(value: unknown, name: string): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined || value === null) return undefined
  if (!isMap(value)) throw bad(`"${name}" must be a JSON object.`)
  return value
}

/** Levels of lists and objects in variables: what reads them recursively, here or in a subgraph, must not run out of stack. */
const maxNesting = 100

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  return Object.values(value).some((inner) => isDeeperThan(levels - 1, inner))
}

/** @throws RequestFault BAD_REQUEST when a parameter has the wrong type or there is no document */
export function parametersOf(value: unknown): Parameters {
  if (!isMap(value)) throw bad('A request must be a JSON object.')
  const parameters: Parameters = {
    query: text(value.query, 'query'),
    operationName: text(value.operationName, 'operationName'),
    variables: map(value.variables, 'variables'),
    extensions: map(value.extensions, 'extensions'),
    documentId: text(value.documentId, 'documentId'),
  }
  const { query, documentId, extensions } = parameters
  if (query === undefined && documentId === undefined && extensions?.persistedQuery === undefined)
    throw bad('The request has no "query" and no document id.')
  if (isDeeperThan(maxNesting, parameters.variables))
    throw bad(`"variables" are nested more than ${maxNesting} levels deep.`)
  return parameters
}

function json(source: string, what: string): unknown {
  try {
    return JSON.parse(source)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw bad(`${what} is not JSON.`)
  }
}

/** @returns the parsed body: one request, or the list of a batch, not yet checked */
export function parseBody(body: string): unknown {
  if (body === '') throw bad('The body is empty.')
  return json(body, 'The body')
}

/** Reads the query string of a GET; `variables` and `extensions` are JSON texts in it. */
export function parametersOfQuery(search: string): Parameters {
  const query = new URLSearchParams(search)
  const object = (name: string) => {
    const value = query.get(name)
    return value === null || value === '' ? undefined : json(value, `"${name}"`)
  }
  return parametersOf({
    query: query.get('query') ?? undefined,
    operationName: query.get('operationName') || undefined,
    variables: object('variables'),
    extensions: object('extensions'),
    documentId: query.get('documentId') ?? undefined,
  })
}
