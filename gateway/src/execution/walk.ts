import type { Path } from '../planning/plan.ts'
import type { Joins } from '../supergraph/joins.ts'
import { compile, property } from './codegen.ts'
import type { Entity, ResponsePath } from './run.ts'

/** Calls `visit` with every object at the end of a path. */
export type Walk<T> = (data: Entity, visit: (entity: Entity, batch: T) => void, batch: T) => void

const COMPARED_ONE_BY_ONE = 4

/**
 * Compiles the walk along a path. Lists are followed wherever they stand and however deep they nest, so
 * a path's list marks need no code; an object without `__typename` passes every type condition.
 */
export function compileWalk<T>(path: Path, joins: Joins): Walk<T> {
  const scope: Record<string, unknown> = {}
  const steps: string[] = []
  const segments = path.filter((segment) => segment.kind !== 'list')
  for (const [index, segment] of segments.entries()) {
    let onward: string
    if (segment.kind === 'field') onward = `s${index + 1}(${property('v', segment.name)},visit,batch);`
    else {
      const types = [...new Set(segment.names.flatMap((name) => [...joins.possibleTypes(name)]))]
      const set = `types${index}`
      if (types.length > COMPARED_ONE_BY_ONE) scope[set] = new Set(types)
      const passes =
        types.length > COMPARED_ONE_BY_ONE
          ? `${set}.has(t)`
          : types.map((type) => `t===${JSON.stringify(type)}`).join('||') || 'false'
      onward = `const t=v.__typename;if(t===undefined||${passes})s${index + 1}(v,visit,batch);`
    }
    steps.push(step(index, onward))
  }
  steps.push(step(segments.length, 'visit(v,batch);'))
  return compile(`${steps.join('')}return s0;`, scope) as Walk<T>
}

function step(index: number, onward: string): string {
  return (
    `function s${index}(v,visit,batch){if(typeof v!=="object"||v===null)return;` +
    `if(Array.isArray(v)){for(let i=0;i<v.length;i++)s${index}(v[i],visit,batch);return;}${onward}}`
  )
}

/** The response paths of all objects at the end of a path, by object. Only walked when there is an error to place. */
export function locate(data: Entity, path: Path, joins: Joins): Map<Entity, ResponsePath[]> {
  const found = new Map<Entity, ResponsePath[]>()
  const segments = path.filter((segment) => segment.kind !== 'list')
  const visit = (value: unknown, index: number, at: ResponsePath): void => {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      value.forEach((item, position) => {
        visit(item, index, [...at, position])
      })
      return
    }
    const entity = value as Entity
    const segment = segments[index]
    if (segment === undefined) {
      const known = found.get(entity)
      if (known) known.push(at)
      else found.set(entity, [at])
    } else if (segment.kind === 'field') {
      if (Object.hasOwn(entity, segment.name)) visit(entity[segment.name], index + 1, [...at, segment.name])
    } else {
      const type = entity.__typename
      const passes =
        typeof type !== 'string' || segment.names.some((name) => joins.possibleTypes(name).has(type))
      if (passes) visit(entity, index + 1, at)
    }
  }
  visit(data, 0, [])
  return found
}

/** The longest path that all of these share. */
export function commonPath(paths: readonly ResponsePath[]): ResponsePath {
  const [first, ...others] = paths
  if (first === undefined) return []
  let length = first.length
  for (const other of others) {
    let same = 0
    while (same < length && other[same] === first[same]) same++
    length = same
  }
  return first.slice(0, length)
}
