import type { EntityFetchNode, PlanNode, RootFetchNode } from '../planning/plan.ts'
import { fetchesOf } from '../planning/plan.ts'
import type { SubgraphResponse } from '../transport/transport.ts'
import { divideResponse, type JoinedOperation, joinOperations, joinVariables } from './joined-operation.ts'
import type { Run } from './run.ts'
import type { FetchOperation, Send, VariableText } from './sender.ts'
import { failedWhole, mayWorkInParts } from './split.ts'

type Fetch = RootFetchNode | EntityFetchNode

/** A fetch that waits for the end of the tick. */
interface Waiting {
  readonly operation: FetchOperation
  readonly variables: readonly VariableText[]
  resolve(response: SubgraphResponse | Promise<SubgraphResponse>): void
}

/** Combinations of operations remembered for one service of one plan; beyond them fetches go alone. */
const MAX_COMBINATIONS = 64

/** Queries of a plan that may become ready together with another one to the same service. */
export function joinableFetches(plan: PlanNode): ReadonlySet<Fetch> {
  const joinable = new Set<Fetch>()
  const look = (node: PlanNode | undefined): void => {
    if (node === undefined || node.kind === 'root' || node.kind === 'entities') return
    if (node.kind === 'condition') {
      look(node.whenTrue)
      look(node.whenFalse)
      return
    }
    node.nodes.forEach(look)
    if (node.kind !== 'parallel') return
    const branches = node.nodes.map((child) =>
      fetchesOf(child).filter((fetch) => fetch.operationKind === 'query'),
    )
    for (const [index, branch] of branches.entries()) {
      const others = new Set(
        branches.flatMap((other, at) => (at === index ? [] : other.map((f) => f.service))),
      )
      for (const fetch of branch) if (others.has(fetch.service)) joinable.add(fetch)
    }
  }
  look(plan)
  return joinable
}

/**
 * Joins the fetches of one run to one service that become ready in the same tick into one request, never
 * those of different runs, whose rights differ. Should the joined one fail, each is sent alone.
 */
export function createJoiningSend(alone: Send): Send {
  const waiting = new WeakMap<Run, Waiting[]>()
  const combinations = new Map<string, JoinedOperation | undefined>()

  const combination = (fetches: readonly Waiting[]): JoinedOperation | undefined => {
    const key = fetches.map(({ operation }) => operation.sent.text).join('\0')
    if (!combinations.has(key)) {
      if (combinations.size >= MAX_COMBINATIONS) return undefined
      combinations.set(key, joinOperations(fetches.map(({ operation }) => operation.planned)))
    }
    return combinations.get(key)
  }

  const flush = (run: Run): void => {
    const fetches = waiting.get(run) ?? []
    waiting.delete(run)
    const sendEach = () => {
      for (const { operation, variables, resolve } of fetches) resolve(alone(run, operation, variables))
    }
    const joined = fetches.length > 1 ? combination(fetches) : undefined
    if (!joined) {
      sendEach()
      return
    }

    alone(run, joined.operation, joinVariables(fetches.map(({ variables }) => variables))).then(
      (response) => {
        if (failedWhole(response)) sendEach()
        else for (const [at, part] of divideResponse(response, joined).entries()) fetches[at]?.resolve(part)
      },
      (error: unknown) => {
        if (mayWorkInParts(error)) sendEach()
        else for (const { resolve } of fetches) resolve(Promise.reject(error))
      },
    )
  }

  return (run, operation, variables) =>
    new Promise((resolve) => {
      const fetch = { operation, variables, resolve }
      const others = waiting.get(run)
      if (others) {
        others.push(fetch)
        return
      }
      waiting.set(run, [fetch])
      process.nextTick(flush, run)
    })
}
