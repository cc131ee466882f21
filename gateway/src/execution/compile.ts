import { type EntityFetchNode, fetchesOf, type PlanNode, type RootFetchNode } from '../planning/plan.ts'
import type { Joins } from '../supergraph/joins.ts'
import { own } from './codegen.ts'
import { compileEntityFetch } from './entity-fetch.ts'
import { createJoiningSend, joinableFetches } from './join.ts'
import { createMerging, type Merging } from './merge.ts'
import { keysAreUnambiguous, readOperation } from './operation-text.ts'
import { compileRootFetch } from './root-fetch.ts'
import type { Run, Step } from './run.ts'
import type { Send } from './sender.ts'

/** Ways to send a fetch: with others that are ready at the same time where there may be some, or always alone. */
export interface Senders {
  readonly send: Send
  readonly alone: Send
}

/** What the nodes of one plan are compiled with. */
export interface PlanScope {
  readonly joins: Joins
  readonly merging: Merging
  sendersTo(fetch: RootFetchNode | EntityFetchNode): Senders
}

/**
 * Compiles a plan into closures, once for all its executions.
 * @param sendTo the way to a service
 */
export function compilePlan(plan: PlanNode, joins: Joins, sendTo: (service: string) => Send): Step {
  const share = keysAreUnambiguous(fetchesOf(plan).map((fetch) => readOperation(fetch.operation)))
  const joinable = joinableFetches(plan)
  const senders = new Map<string, { readonly alone: Send; readonly joining: Send }>()
  const sendersTo: PlanScope['sendersTo'] = (fetch) => {
    let known = senders.get(fetch.service)
    if (!known) {
      const alone = sendTo(fetch.service)
      known = { alone, joining: createJoiningSend(alone) }
      senders.set(fetch.service, known)
    }
    return { send: joinable.has(fetch) ? known.joining : known.alone, alone: known.alone }
  }
  return compileNode(plan, { joins, merging: createMerging(joins, share), sendersTo })
}

function compileNode(node: PlanNode, scope: PlanScope): Step {
  switch (node.kind) {
    case 'sequence':
      return sequence(node.nodes.map((child) => compileNode(child, scope)))
    case 'parallel':
      return parallel(node.nodes.map((child) => compileNode(child, scope)))
    case 'condition': {
      const whenTrue = node.whenTrue && compileNode(node.whenTrue, scope)
      const whenFalse = node.whenFalse && compileNode(node.whenFalse, scope)
      return (run) => {
        const step = own(run.variables, node.variable) === true ? whenTrue : whenFalse
        return step?.(run)
      }
    }
    case 'root':
      return compileRootFetch(node, scope)
    case 'entities':
      return compileEntityFetch(node, scope)
  }
}

/** One after the other. Once the request is cancelled each further fetch fails at once, without being sent. */
function sequence(steps: readonly Step[]): Step {
  return async (run: Run) => {
    for (const step of steps) {
      const pending = step(run)
      if (pending !== undefined) await pending
    }
  }
}

function parallel(steps: readonly Step[]): Step {
  return (run) => {
    const pending: Promise<void>[] = []
    for (const step of steps) {
      const one = step(run)
      if (one !== undefined) pending.push(one)
    }
    if (pending.length < 2) return pending[0]
    return Promise.all(pending).then(nothing)
  }
}

function nothing(): void {}
