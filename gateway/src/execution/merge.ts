import type { Joins } from '../supergraph/joins.ts'
import { assignment, compile, property, put } from './codegen.ts'
import type { Entity } from './run.ts'

/** Adds what a subgraph answered to an object of the data tree. */
export type Merge = (target: Entity, source: Entity) => void

export interface Merging {
  /** Adds all of `source`, whatever its keys. */
  readonly deep: Merge
  /** Compiled for the response keys of one selection: true for those with a selection set of their own. */
  compile(keys: ReadonlyMap<string, boolean>): Merge
}

/**
 * Fills in what is missing: a value never gives way to null, lists meet by index, and a `__typename` that
 * names an object type never gives way to the name of its interface (which an interface object answers).
 * @param share one entity of an answer may become part of several objects of the tree. Only if no response
 * key has two meanings in the plan: otherwise each object gets its own copy.
 */
export function createMerging(joins: Joins, share: boolean): Merging {
  const scalar = (target: Entity, key: string, value: unknown): void => {
    if (key === '__typename' && typeof value === 'string' && joins.isInterface(value)) return
    put(target, key, value)
  }

  const merge = (target: unknown, source: unknown): void => {
    if (Array.isArray(source)) {
      if (Array.isArray(target)) mergeLists(target, source)
      return
    }
    if (!isObject(target) || !isObject(source)) return
    for (const key in source) {
      const value = source[key]
      const present = Object.hasOwn(target, key) ? target[key] : undefined
      if (present === undefined || present === null) {
        put(target, key, share ? value : copy(value))
      } else if (value === null || value === present) {
        // Nothing new.
      } else if (typeof value === 'object' && typeof present === 'object') {
        merge(present, value)
      } else scalar(target, key, value)
    }
  }

  const mergeLists = (target: unknown[], source: readonly unknown[]): void => {
    const length = Math.min(target.length, source.length)
    for (let index = 0; index < length; index++) {
      const present = target[index]
      if (present === null || typeof present !== 'object')
        target[index] = share ? source[index] : copy(source[index])
      else merge(present, source[index])
    }
  }

  return {
    deep: merge,
    compile(keys) {
      let code = 'let v,p;'
      for (const [key, composite] of keys) {
        const mine = property('t', key)
        code += `v=${property('s', key)};if(v!==undefined){p=${mine};if(p===undefined||p===null){`
        code += assignment('t', key, composite && !share ? 'copy(v)' : 'v')
        code += '}else if(v!==null&&v!==p){'
        if (composite) code += 'merge(p,v);'
        else if (key === '__typename') code += 'scalar(t,"__typename",v);'
        else code += assignment('t', key, 'v')
        code += '}}'
      }
      return compile(`return function(t,s){${code}}`, { copy, merge, scalar }) as Merge
    },
  }
}

function isObject(value: unknown): value is Entity {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy)
  if (!isObject(value)) return value
  const made: Entity = {}
  for (const key in value) put(made, key, copy(value[key]))
  return made
}
