import { type DirectiveNode, Kind, valueFromASTUntyped } from 'graphql'
import type { Supergraph } from '../operation.ts'
import { supergraphDocument } from './read.ts'

/** Who may read an element: all that is stated must hold. */
export interface AccessRule {
  readonly authenticated: boolean
  /** One of the inner lists must be held whole (@requiresScopes); empty when nothing is asked. */
  readonly scopes: readonly (readonly string[])[]
  /** One of the inner lists must be granted whole (@policy); empty when nothing is asked. */
  readonly policies: readonly (readonly string[])[]
}

/** https://specs.apollo.dev/cost/v0.1, the IBM cost specification's @listSize. */
export interface ListSize {
  readonly assumedSize: number | undefined
  /** Arguments whose value bounds the list; dots lead into input objects. */
  readonly slicingArguments: readonly string[]
  /** Fields of the returned object that hold the list. */
  readonly sizedFields: readonly string[]
  readonly requireOneSlicingArgument: boolean
}

/**
 * Rules by coordinate: `Type` for objects, interfaces, scalars and enums, `Type.field` for fields.
 * Elements that anybody may read are absent. The names are the public schema's.
 */
export function accessRules(supergraph: Supergraph): ReadonlyMap<string, AccessRule> {
  const rules = new Map<string, AccessRule>()
  visitElements(supergraph, (coordinate, directives) => {
    const authenticated = directives.some((directive) => directive.name.value === 'authenticated')
    const scopes = namedLists(directives, 'requiresScopes', 'scopes')
    const policies = namedLists(directives, 'policy', 'policies')
    if (authenticated || scopes.length > 0 || policies.length > 0) {
      rules.set(coordinate, { authenticated, scopes, policies })
    }
  })
  return rules
}

/** Weights of @cost by coordinate: `Type`, `Type.field`, `Type.field(argument:)`, `Input.field`. */
export function costWeights(supergraph: Supergraph): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  visitElements(supergraph, (coordinate, directives) => {
    const weight = directives.find((directive) => directive.name.value === 'cost')
    const value = weight && argumentsOf(weight).weight
    if (typeof value === 'number' || typeof value === 'string') weights.set(coordinate, Number(value))
  })
  return weights
}

/** @listSize by the coordinate of its field: `Type.field`. */
export function listSizes(supergraph: Supergraph): ReadonlyMap<string, ListSize> {
  const sizes = new Map<string, ListSize>()
  visitElements(supergraph, (coordinate, directives) => {
    const directive = directives.find((candidate) => candidate.name.value === 'listSize')
    if (!directive) return
    const { assumedSize, slicingArguments, sizedFields, requireOneSlicingArgument } = argumentsOf(directive)
    sizes.set(coordinate, {
      assumedSize: typeof assumedSize === 'number' ? assumedSize : undefined,
      slicingArguments: strings(slicingArguments),
      sizedFields: strings(sizedFields),
      requireOneSlicingArgument: requireOneSlicingArgument !== false,
    })
  })
  return sizes
}

function visitElements(
  supergraph: Supergraph,
  visit: (coordinate: string, directives: readonly DirectiveNode[]) => void,
): void {
  for (const definition of supergraphDocument(supergraph).definitions) {
    if (!definition.kind.endsWith('TypeDefinition') || !('name' in definition) || !definition.name) continue
    const type = definition.name.value
    visit(type, ('directives' in definition && definition.directives) || [])
    if (!('fields' in definition)) continue
    for (const field of definition.fields ?? []) {
      visit(`${type}.${field.name.value}`, field.directives ?? [])
      if (field.kind !== Kind.FIELD_DEFINITION) continue
      for (const argument of field.arguments ?? []) {
        visit(`${type}.${field.name.value}(${argument.name.value}:)`, argument.directives ?? [])
      }
    }
  }
}

function argumentsOf(directive: DirectiveNode): Readonly<Record<string, unknown>> {
  const entries = (directive.arguments ?? []).map((argument) => [
    argument.name.value,
    valueFromASTUntyped(argument.value),
  ])
  return Object.fromEntries(entries)
}

function strings(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function namedLists(
  directives: readonly DirectiveNode[],
  name: string,
  argument: string,
): readonly (readonly string[])[] {
  const directive = directives.find((candidate) => candidate.name.value === name)
  const value = directive && argumentsOf(directive)[argument]
  return Array.isArray(value) ? value.map(strings) : []
}
