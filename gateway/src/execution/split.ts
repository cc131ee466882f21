import { Kind, print, type SelectionNode, visit } from 'graphql'
import type { EntityFetchNode } from '../planning/plan.ts'
import {
  type SubgraphError,
  type SubgraphOperation,
  type SubgraphResponse,
  subgraphOperation,
  TransportError,
} from '../transport/transport.ts'
import { type PlannedOperation, responseKey } from './operation-text.ts'
import type { Send } from './sender.ts'

/** One part of a joined operation, able to be sent alone. */
interface Part {
  readonly alias: string
  readonly operation: SubgraphOperation
  readonly variables: ReadonlySet<string>
}

/**
 * Sends the sets of a joined fetch one by one when the whole fails, so that what one of them broke does not
 * take the others' data with it.
 */
export function splitFetch(node: EntityFetchNode, planned: PlannedOperation, send: Send): Send {
  if (node.sets.length < 2 || node.operationKind !== 'query') return send
  let parts: readonly Part[] | undefined

  return (run, operation, variables) => {
    const again = () => {
      parts ??= node.sets.map((set) => partOf(planned, set.alias))
      return sendParts(parts, variables, (part, own) => send(run, part.operation, own))
    }
    return send(run, operation, variables).then(
      (response) => (failedWhole(response) ? again() : response),
      (error) => (mayWorkInParts(error) ? again() : Promise.reject(error)),
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
export function failureAsError(error: unknown, path: readonly string[]): SubgraphError {
  const code = error instanceof TransportError ? error.code : 'INTERNAL_SERVER_ERROR'
  const message = error instanceof TransportError ? error.message : 'The fetch failed.'
  return { message, path, extensions: { code } }
}

async function sendParts(
  parts: readonly Part[],
  variables: string,
  send: (part: Part, variables: string) => Promise<SubgraphResponse>,
): Promise<SubgraphResponse> {
  const values: Record<string, unknown> = JSON.parse(variables)
  const responses = await Promise.all(
    parts.map(async (part): Promise<SubgraphResponse> => {
      const own = Object.fromEntries(Object.entries(values).filter(([name]) => part.variables.has(name)))
      try {
        const response = await send(part, JSON.stringify(own))
        if (!failedWhole(response)) return response
        // Without data the errors' paths may lead nowhere: they are errors of this part.
        const errors = response.errors?.map((error) => ({ ...error, path: error.path ?? [part.alias] }))
        return { data: null, errors: errors ?? [] }
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

/** The operation with one root field, and only the fragments and variables that it uses. */
function partOf(planned: PlannedOperation, alias: string): Part {
  const selections = planned.definition.selectionSet.selections.filter(
    (selection: SelectionNode) => selection.kind === Kind.FIELD && responseKey(selection) === alias,
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
  const definitions = [
    definition,
    ...[...planned.fragments.values()].filter(({ name }) => fragments.has(name.value)),
  ]
  const text = print({ kind: Kind.DOCUMENT, definitions })
  return { alias, operation: subgraphOperation(text, planned.definition.name?.value, 'query'), variables }
}
