import type { EntityFetchNode, EntitySet, Path } from '../planning/plan.ts'
import type { SubgraphError, SubgraphResponse } from '../transport/transport.ts'
import type { PlanScope } from './compile.ts'
import { recordError, recordFailure, renamedPath } from './faults.ts'
import type { Merge } from './merge.ts'
import { keysBelow, type PlannedOperation } from './operation-text.ts'
import { Batch, compileRepresent, type Represent, Targets } from './representation.ts'
import { compileRewrites, type Rewriter, renamedKeys } from './rewrite.ts'
import type { Entity, ResponsePath, Run, Step } from './run.ts'
import { fetchOperation } from './sender.ts'
import { splitFetch } from './split.ts'
import { clientVariables } from './variables.ts'
import { commonPath, compileWalk, locate, type Walk } from './walk.ts'

/** An entity set, compiled. */
interface CompiledSet {
  readonly set: EntitySet
  /** Position of its variable among the fetch's. */
  readonly variable: number
  readonly walks: readonly Walk<Targets>[]
  readonly represent: Represent
  readonly rewrite: Rewriter | undefined
  readonly names: ReadonlyMap<string, string>
  readonly merge: Merge
}

/** Answers where entities stand. */
interface Places {
  pathsOf(compiled: CompiledSet, entities: Iterable<Entity>): readonly ResponsePath[]
  /** Where a set, or the fetch as a whole, stands: what all its entities have in common. */
  ofSet(compiled: CompiledSet, targets: Targets): ResponsePath
  ofFetch(): ResponsePath
}

/** Fetches what entities of the data tree lack. Sends nothing when there are none. */
export function compileEntityFetch(node: EntityFetchNode, scope: PlanScope): Step {
  const operation = fetchOperation(node)
  const names = [...new Set(node.sets.map((set) => set.representations))]
  const sets = node.sets.map((set) => compileSet(set, node, operation.planned, scope))
  // A set of which each variable's batch can be had.
  const holders = names.map((name, index) => [name, sets.findIndex((set) => set.variable === index)] as const)
  const senders = scope.sendersTo(node)
  const send = splitFetch(node, operation.planned, senders.send, senders.alone)

  const collect = (run: Run): readonly Targets[] => {
    const batches = names.map(() => new Batch())
    const lenient = run.faults.length === 0
    return sets.map((set) => {
      const targets = new Targets(batches[set.variable] ?? new Batch(), lenient)
      for (const walk of set.walks) walk(run.data, set.represent, targets)
      return targets
    })
  }

  const receive = (run: Run, collected: readonly Targets[], response: SubgraphResponse): void => {
    const { data, errors } = response
    if (errors !== undefined) {
      const places = createPlaces(run, collected)
      for (const error of errors) recordError(run, node.service, error, placeError(error, collected, places))
    }
    if (data === null || data === undefined) return
    for (const [index, { set, rewrite, merge }] of sets.entries()) {
      const answers = data[set.alias]
      const targets = collected[index]
      if (!Array.isArray(answers) || targets === undefined) continue
      rewrite?.(answers)
      const { entities, slots } = targets
      for (let position = 0; position < entities.length; position++) {
        const entity = entities[position]
        const answer: unknown = answers[slots[position] ?? -1]
        if (entity !== undefined && typeof answer === 'object' && answer !== null)
          merge(entity, answer as Entity)
      }
    }
  }

  /** Places of entities in the answer. Looked up when an error needs them, once for each path of a response. */
  const createPlaces = (run: Run, collected: readonly Targets[]): Places => {
    const located = new Map<Path, ReadonlyMap<Entity, readonly ResponsePath[]>>()
    const pathsOf = ({ set }: CompiledSet, entities: Iterable<Entity>): readonly ResponsePath[] =>
      set.paths.flatMap((path) => {
        const found = located.get(path) ?? locate(run.data, path, scope.joins)
        located.set(path, found)
        return [...new Set(entities)].flatMap((entity) => found.get(entity) ?? [])
      })
    return {
      pathsOf,
      ofSet: (compiled: CompiledSet, targets: Targets) => commonPath(pathsOf(compiled, targets.entities)),
      ofFetch: () =>
        commonPath(sets.flatMap((compiled, index) => pathsOf(compiled, collected[index]?.entities ?? []))),
    }
  }

  /** An error of one representation goes to every place in the answer that it stands for. */
  const placeError = (
    error: SubgraphError,
    collected: readonly Targets[],
    places: Places,
  ): readonly ResponsePath[] => {
    const [alias, slot, ...below] = error.path ?? []
    const index = sets.findIndex(({ set }) => set.alias === alias)
    const compiled = sets[index]
    const targets = collected[index]
    if (!compiled || !targets) return [places.ofFetch()]
    if (typeof slot !== 'number') return [places.ofSet(compiled, targets)]
    const represented = targets.entities.filter((_, position) => targets.slots[position] === slot)
    const rest = renamedPath(below, compiled.names)
    const paths = places.pathsOf(compiled, represented).map((place) => [...place, ...rest])
    return paths.length > 0 ? paths : [places.ofSet(compiled, targets)]
  }

  return (run) => {
    const collected = collect(run)
    if (collected.every((targets) => targets.entities.length === 0)) return undefined
    const variables = clientVariables(node.variables, run)
    for (const [name, set] of holders) variables.push([name, `[${collected[set]?.batch.text ?? ''}]`])
    return send(run, operation, variables).then(
      (response) => receive(run, collected, response),
      (error) => recordFailure(run, node.service, error, [createPlaces(run, collected).ofFetch()]),
    )
  }

  function compileSet(
    set: EntitySet,
    fetch: EntityFetchNode,
    text: PlannedOperation,
    { joins, merging }: PlanScope,
  ): CompiledSet {
    const alone = fetch.sets.filter((other) => other.representations === set.representations).length === 1
    return {
      set,
      variable: names.indexOf(set.representations),
      walks: set.paths.map((path) => compileWalk<Targets>(path, joins)),
      represent: compileRepresent(set, fetch.service, joins, alone),
      rewrite: compileRewrites(set.outputRewrites, joins),
      names: renamedKeys(set.outputRewrites),
      merge: set.outputRewrites.length > 0 ? merging.deep : merging.compile(keysBelow(text, set.alias)),
    }
  }
}
