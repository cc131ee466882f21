import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { type Refusal, refusal } from '../documents/errors.ts'
import type { FaultCode } from '../http/faults.ts'
import type { Limits } from './settings.ts'

/** How big an operation is with its fragments expanded. */
export interface Shape {
  readonly depth: number
  readonly aliases: number
  /** Fields of the operation's own selection set. */
  readonly rootFields: number
  readonly fields: number
  readonly directives: number
}

const nothing: Shape = { depth: 0, aliases: 0, rootFields: 0, fields: 0, directives: 0 }

/**
 * Measures operations of one document. Each fragment is measured once, so that fragments spread in fragments cost
 * linear time however much they expand to; circles, which are refused, count as empty.
 */
export function createMeasure(document: DocumentNode): (operation: OperationDefinitionNode) => Shape {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  const measured = new Map<string, Shape>()

  function fragmentShape(name: string): Shape {
    const known = measured.get(name)
    if (known) return known
    measured.set(name, nothing)
    const fragment = fragments.get(name)
    if (!fragment) return nothing
    const inner = selectionShape(fragment.selectionSet)
    const shape = { ...inner, directives: inner.directives + (fragment.directives?.length ?? 0) }
    measured.set(name, shape)
    return shape
  }

  function selectionShape({ selections }: SelectionSetNode): Shape {
    let [depth, aliases, rootFields, fields, directives] = [0, 0, 0, 0, 0]
    for (const selection of selections) {
      directives += selection.directives?.length ?? 0
      if (selection.kind === Kind.FIELD) {
        rootFields += 1
        fields += 1
        if (selection.alias) aliases += 1
        const inner = selection.selectionSet ? selectionShape(selection.selectionSet) : nothing
        depth = Math.max(depth, 1 + inner.depth)
        aliases += inner.aliases
        fields += inner.fields
        directives += inner.directives
      } else {
        const inner =
          selection.kind === Kind.INLINE_FRAGMENT
            ? selectionShape(selection.selectionSet)
            : fragmentShape(selection.name.value)
        depth = Math.max(depth, inner.depth)
        aliases += inner.aliases
        rootFields += inner.rootFields
        fields += inner.fields
        directives += inner.directives
      }
    }
    return { depth, aliases, rootFields, fields, directives }
  }

  return (operation) => {
    const shape = selectionShape(operation.selectionSet)
    const own =
      (operation.directives?.length ?? 0) +
      (operation.variableDefinitions ?? []).reduce(
        (sum, variable) => sum + (variable.directives?.length ?? 0),
        0,
      )
    return { ...shape, directives: shape.directives + own }
  }
}

/** @returns why a number is refused, naming it and its limit; null when it is within */
export function limitRefusal(code: FaultCode, what: string, found: number, limit: number): Refusal | null {
  if (found <= limit) return null
  return refusal(code, [`The ${what}; at most ${limit} are allowed.`.replace('#', String(found))], {
    limit,
    found,
  })
}

/** @returns the first limit that the operation breaks, with the limit and what was found; null when it keeps them all */
export function shapeRefusal(shape: Shape, limits: Limits): Refusal | null {
  return (
    limitRefusal('DEPTH_LIMIT_EXCEEDED', 'operation has # levels of fields', shape.depth, limits.depth) ??
    limitRefusal(
      'ROOT_FIELD_LIMIT_EXCEEDED',
      'operation has # root fields',
      shape.rootFields,
      limits.rootFields,
    ) ??
    limitRefusal('FIELD_LIMIT_EXCEEDED', 'operation has # fields', shape.fields, limits.fields) ??
    limitRefusal('ALIAS_LIMIT_EXCEEDED', 'operation has # aliases', shape.aliases, limits.aliases) ??
    limitRefusal(
      'DIRECTIVE_LIMIT_EXCEEDED',
      'operation has # directives',
      shape.directives,
      limits.directives,
    )
  )
}
