import type { RootFetchNode } from '../planning/plan.ts'
import type { SubgraphResponse } from '../transport/transport.ts'
import type { PlanScope } from './compile.ts'
import { recordError, recordFailure, renamedPath } from './faults.ts'
import { createMerging } from './merge.ts'
import { rootKeys } from './operation-text.ts'
import { compileRewrites, renamedKeys } from './rewrite.ts'
import type { Entity, ResponsePath, Run, Step } from './run.ts'
import { fetchOperation } from './sender.ts'
import { clientVariables } from './variables.ts'
import { compileWalk, locate } from './walk.ts'

/** A fetch of root fields. Should it fail, each of them gets the error. */
export function compileRootFetch(node: RootFetchNode, scope: PlanScope): Step {
  const { joins, merging } = scope
  const { send } = scope.sendersTo(node)
  const operation = fetchOperation(node)
  const keys = rootKeys(operation.planned)
  const rewrite = compileRewrites(node.outputRewrites, joins)
  const names = renamedKeys(node.outputRewrites)
  const nested = node.path.some((segment) => segment.kind === 'field')
  const walk = compileWalk<Entity>(node.path, joins)
  // The answer becomes part of one object only, so it needs no copy.
  const adopt = createMerging(joins, true).deep

  const bases = (run: Run): readonly ResponsePath[] =>
    nested ? [...locate(run.data, node.path, joins).values()].flat() : [[]]
  const fieldPaths = (run: Run) => bases(run).flatMap((base) => keys.map((key) => [...base, key]))

  const receive = (run: Run, response: SubgraphResponse): void => {
    const data = response.data
    if (response.errors !== undefined) {
      for (const error of response.errors) {
        const path = error.path
        const whole = path === undefined || path.length === 0
        const placed = whole
          ? data === null || data === undefined
            ? fieldPaths(run)
            : []
          : bases(run).map((base) => [...base, ...renamedPath(path, names)])
        recordError(run, node.service, error, placed)
      }
    }
    if (data === null || data === undefined) return
    rewrite?.(data)
    if (nested) walk(run.data, merging.deep, data)
    else adopt(run.data, data)
  }

  return (run) =>
    send(run, operation, clientVariables(node.variables, run)).then(
      (response) => receive(run, response),
      (error) => recordFailure(run, node.service, error, fieldPaths(run)),
    )
}
