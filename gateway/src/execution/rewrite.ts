import type { Rewrite } from '../planning/plan.ts'
import type { Joins } from '../supergraph/joins.ts'
import { put } from './codegen.ts'

/** Changes a value in place. */
export type Rewriter = (value: unknown) => void

/** @returns undefined when there is nothing to change */
export function compileRewrites(rewrites: readonly Rewrite[], joins: Joins): Rewriter | undefined {
  if (rewrites.length === 0) return undefined
  const each = rewrites.map((rewrite) => compileRewrite(rewrite, joins))
  return (value) => {
    for (const rewriter of each) rewriter(value)
  }
}

function compileRewrite(rewrite: Rewrite, joins: Joins): Rewriter {
  const apply = (value: unknown, index: number): void => {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const item of value) apply(item, index)
      return
    }
    const object = value as Record<string, unknown>
    const segment = rewrite.path[index]
    if (segment === undefined) return
    if (segment.kind === 'types') {
      const type = object.__typename
      const matches =
        typeof type !== 'string' || segment.names.some((name) => joins.possibleTypes(name).has(type))
      if (matches) apply(object, index + 1)
      return
    }
    if (index < rewrite.path.length - 1) {
      if (Object.hasOwn(object, segment.name)) apply(object[segment.name], index + 1)
    } else if (rewrite.kind === 'set') {
      put(object, segment.name, rewrite.value)
    } else if (Object.hasOwn(object, segment.name)) {
      const moved = object[segment.name]
      delete object[segment.name]
      put(object, rewrite.to, moved)
    }
  }
  return (value) => apply(value, 0)
}

/** Internal response keys and the client's names for them, to name them rightly in error paths. */
export function renamedKeys(rewrites: readonly Rewrite[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const rewrite of rewrites) {
    const last = rewrite.path.at(-1)
    if (rewrite.kind === 'rename' && last?.kind === 'key') names.set(last.name, rewrite.to)
  }
  return names
}
