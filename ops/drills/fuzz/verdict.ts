import {
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  parse,
  validate,
} from 'graphql'
import { z } from 'zod'
import type { FuzzRequest } from './requests.ts'
import type { Reply } from './send.ts'

/** Bytes of an answer, unpacked: what the limit of cost leaves room for, several times over. */
const mostBytes = 16 * 1024 * 1024
/** The gateway's limit of a request's time, and what a busy machine may add. */
const mostMs = 45_000
/** Bytes of a request that the HTTP server need not hear out before it closes the connection. */
const mostHeard = { body: 256 * 1024, headers: 8_000 }

/** Codes that say the platform has a bug. */
const bugs = ['INTERNAL_SERVER_ERROR', 'QUERY_PLANNING_FAILED']

const failure = z.object({
  message: z.string(),
  locations: z.array(z.object({ line: z.number(), column: z.number() })).optional(),
  path: z.array(z.union([z.string(), z.number()])).optional(),
  extensions: z.object({ code: z.string() }).loose(),
})
const result = z
  .strictObject({
    data: z.record(z.string(), z.unknown()).nullable().optional(),
    errors: z.array(failure).min(1).optional(),
    extensions: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ data, errors }) => data !== undefined || errors !== undefined, 'has neither data nor errors')
  .refine(({ data, errors }) => data !== null || errors !== undefined, 'has null for data and no error')

/** What an answer is found to be. */
export interface Verdict {
  readonly codes: readonly string[]
  /** Promises that it breaks. */
  readonly problems: readonly string[]
}

/** Judges one answer: its form (GraphQL over HTTP), its size and time, its codes, and whether it was refused rightly. */
export function judge(schema: GraphQLSchema, fuzz: FuzzRequest, reply: Reply): Verdict {
  const problems: string[] = []
  if (reply.milliseconds > mostMs) problems.push(`took ${Math.round(reply.milliseconds)} ms`)
  if (reply.body.length > mostBytes) problems.push(`is ${reply.body.length} bytes long`)
  if (reply.status === undefined) {
    if (!mayBeCutOff(fuzz)) problems.push('was not answered')
    return { codes: [], problems }
  }
  if (reply.status >= 500 && reply.status !== 503) problems.push(`has the status ${reply.status}`)
  if (!isGraphql(fuzz, reply)) return { codes: [], problems }
  const results = readResults(reply, problems)
  const codes = results.flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions.code))
  for (const code of new Set(codes)) if (bugs.includes(code)) problems.push(`says ${code}`)
  const [only] = results
  // A batch answers for each of its requests; its own status says that it was read.
  if (only && !reply.body.startsWith('['))
    problems.push(...formProblems(reply, only), ...rightProblems(schema, fuzz, only))
  return { codes, problems }
}

type Result = z.output<typeof result>

function mayBeCutOff({ body, headers, path }: FuzzRequest): boolean {
  const size = Object.entries(headers).reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    path.length,
  )
  return size > mostHeard.headers || (body?.length ?? 0) > mostHeard.body
}

/** Whether the answer has to be GraphQL: not that of another path, of a page, or of the HTTP parser. */
function isGraphql(
  { method, path, headers }: FuzzRequest,
  { status = 0, contentType, body }: Reply,
): boolean {
  if (path.split('?')[0] !== '/graphql' || !['GET', 'POST'].includes(method)) return false
  if (contentType.startsWith('text/html') && String(headers.accept).includes('text/html')) return false
  return !(body === '' && [204, 304, 400, 417, 431].includes(status))
}

function readResults({ body, contentType }: Reply, problems: string[]): Result[] {
  if (!/^application\/(graphql-response\+)?json/.test(contentType))
    problems.push(`is ${contentType || 'of no type'}`)
  try {
    const parsed: unknown = JSON.parse(body)
    const read = z.union([z.array(result).min(1), result]).safeParse(parsed)
    if (!read.success)
      problems.push(`is no GraphQL answer: ${z.prettifyError(read.error)}: ${body.slice(0, 300)}`)
    return read.success ? [read.data].flat() : []
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    problems.push(`is no JSON: ${body.slice(0, 200)}`)
    return []
  }
}

/** GraphQL over HTTP §6.4.2: what was executed has a status of success, what was not has none. */
function formProblems({ status = 0, contentType }: Reply, { data }: Result): string[] {
  if (!contentType.startsWith('application/graphql-response+json')) return []
  if (data === undefined ? status < 400 : status >= 300)
    return [`has ${data === undefined ? 'no ' : ''}data with the status ${status}`]
  return []
}

/** Whether a request was refused that had to be executed, or the other way round. */
function rightProblems(
  schema: GraphQLSchema,
  { plain }: FuzzRequest,
  { data, errors = [] }: Result,
): string[] {
  const refused = plain && mustBeRefused(schema, plain)
  if (refused === undefined) return []
  if (refused) return data ? [`was executed though ${refused}`] : []
  const wrong = errors.find(({ extensions }) => /^GRAPHQL_(PARSE|VALIDATION)_FAILED$/.test(extensions.code))
  return wrong ? [`was refused though it is valid: ${wrong.message}`] : []
}

/** @returns why; false when it is valid; undefined when that is not known */
function mustBeRefused(
  schema: GraphQLSchema,
  { query, variables, ...others }: Readonly<Record<string, unknown>>,
): string | false | undefined {
  if (typeof query !== 'string' || query.length > 20_000 || Object.keys(others).length > 0) return undefined
  if (typeof variables !== 'object' || variables === null || Array.isArray(variables)) return undefined
  try {
    const document = parse(query)
    // The gateway takes it for no name; the specification does.
    if (query.includes('__proto__')) return undefined
    const [fault] = validate(schema, document)
    if (fault) return fault.message
    const operation = getOperationAST(document)
    if (!operation) return 'it has no one operation'
    const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], { ...variables })
    return errors?.[0]?.message ?? false
  } catch (error) {
    if (error instanceof GraphQLError) return error.message
    throw error
  }
}
