import { Kind, print, visit } from 'graphql'
import type { EntityFetchNode } from '../planning/plan.ts'
import {
  type SubgraphError,
  type SubgraphResponse,
  subgraphOperation,
  TransportError,
} from '../transport/transport.ts'
import { type PlannedOperation, readOperation, responseKey } from './operation-text.ts'
import type { FetchOperation, Send } from './sender.ts'

/** One set of a joined operation, able to be sent alone. */
interface Part {
  readonly alias: string
  readonly operation: FetchOperation
  readonly variables: ReadonlySet<string>
}

/**
 * Sends the sets of a joined fetch one by one when the whole fails, so that what one of them broke does not
 * take the others' data with it.
 * @param alone sends without joining anything again
 */
export function splitFetch(node: EntityFetchNode, planned: PlannedOperation, send: Send, alone: Send): Send {
  if (node.sets.length < 2 || node.operationKind !== 'query') return send
  let parts: readonly Part[] | undefined

  return (run, operation, variables) => {
    const again = async (): Promise<SubgraphResponse> => {
      parts ??= node.sets.map((set) => partOf(planned, set.alias))
      const responses = await Promise.all(
        parts.map(async (part): Promise<SubgraphResponse> => {
          const own = variables.filter(([name]) => part.variables.has(name))
          try {
            const response = await alone(run, part.operation, own)
            return failedWhole(response) ? withPaths(response, part.alias) : response
          } catch (error) {
            return { data: null, errors: [failureAsError(error, [part.alias])] }
          }
        }),
      )
      return {
        data: Object.assign({}, ...responses.map((response) => response.data ?? {})),
        errors: responses.flatMap((response) => response.errors ?? []),
      }
    }
    return send(run, operation, variables).then(
      (response) => (failedWhole(response) ? again() : response),
      (error: unknown) => (mayWorkInParts(error) ? again() : Promise.reject(error)),
    )
  }
}

export function failedWhole(response: SubgraphResponse): boolean {
  return response.data === null || response.data === undefined
}

/** A subgraph that is out of reach or out of time is not asked again; one that choked on the request is. */
export function mayWorkInParts(error: unknown): boolean {
  if (!(error instanceof TransportError)) return false
  return (
    error.code === 'SUBREQUEST_HTTP_ERROR' ||
    error.code === 'SUBREQUEST_MALFORMED_RESPONSE' ||
    error.code === 'RESPONSE_TOO_LARGE'
  )
}

/** What a part that failed reports, as if the subgraph had reported it. */
function failureAsError(error: unknown, path: readonly string[]): SubgraphError {
  if (!(error instanceof TransportError)) throw error
  const http = error.status === undefined ? {} : { http: { status: error.status } }
  return { message: error.message, path, extensions: { code: error.code, ...http } }
}

/** Errors without a path, as those of the part that they came with. */
function withPaths({ errors = [] }: SubgraphResponse, alias: string): SubgraphResponse {
  return { data: null, errors: errors.map((error) => ({ ...error, path: error.path ?? [alias] })) }
}

/** The operation with one root field, and only the fragments and variables that it uses. */
function partOf(planned: PlannedOperation, alias: string): Part {
  const selections = planned.definition.selectionSet.selections.filter(
    (selection) => selection.kind === Kind.FIELD && responseKey(selection) === alias,
  )
  const variables = new Set<string>()
  const fragments = new Set<string>()
  const note = (node: Parameters<typeof visit>[0]): void => {
    visit(node, {
      Variable: (variable) => void variables.add(variable.name.value),
      FragmentSpread: ({ name }) => {
        const fragment = planned.fragments.get(name.value)
        if (!fragment || fragments.has(name.value)) return
        fragments.add(name.value)
        note(fragment)
      },
    })
  }
  for (const selection of selections) note(selection)
  const definition = {
    ...planned.definition,
    variableDefinitions: planned.definition.variableDefinitions?.filter((declared) =>
      variables.has(declared.variable.name.value),
    ),
    selectionSet: { ...planned.definition.selectionSet, selections },
  }
  const used = [...planned.fragments.values()].filter(({ name }) => fragments.has(name.value))
  const text = print({ kind: Kind.DOCUMENT, definitions: [definition, ...used] })
  const sent = subgraphOperation(text, planned.definition.name?.value, 'query')
  return { alias, operation: { sent, planned: readOperation(text) }, variables }
}
