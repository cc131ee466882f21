import type { Viewer } from '@movieverse/kit/viewer'
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import type { DeniedFields } from '../operation.ts'
import type { Requirement, Requirements } from './requirements.ts'

/** Who sees the same of an operation: `''` when nothing of it is withheld. */
export interface Clearance {
  /** Equal for two viewers from whom the same fields are withheld for the same reasons. */
  readonly key: string
  readonly denied: DeniedFields | undefined
  /** A root field of a mutation is withheld: nothing of it may run. */
  readonly refused: readonly { readonly field: FieldNode; readonly code: 'UNAUTHENTICATED' | 'FORBIDDEN' }[]
}

export interface OperationAuthorisation {
  clearanceOf(viewer: Viewer | null): Clearance
}

const everything: Clearance = { key: '', denied: undefined, refused: [] }
const unprotected: OperationAuthorisation = { clearanceOf: () => everything }

interface Protected {
  readonly node: FieldNode
  readonly rules: readonly number[]
  readonly isRoot: boolean
}

function satisfies(viewer: Viewer | null, { scopes }: Requirement): boolean {
  if (viewer === null) return false
  if (scopes.length === 0) return true
  return scopes.some((set) => set.every((scope) => viewer.roles.some((role) => role === scope)))
}

/**
 * Makes what decides, for each operation of a valid document, which of its fields a viewer may not have. A field is
 * withheld when the field, its parent type or the type it answers is protected; on an interface, also when that holds
 * for an implementation, since the answer could be one. Roles are the scopes.
 */
export function createAuthorisation(schema: GraphQLSchema, requirements: Requirements) {
  const rulesOfField = new Map<string, readonly Requirement[]>()

  /** Everything that must hold to select this field on this type. */
  function requirementsOf(parent: GraphQLCompositeType, name: string): readonly Requirement[] {
    const coordinate = `${parent.name}.${name}`
    const known = rulesOfField.get(coordinate)
    if (known) return known
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined
    const own = [
      ...(name === '__typename' ? [] : (requirements.get(parent.name) ?? [])),
      ...(requirements.get(coordinate) ?? []),
      ...(field ? (requirements.get(getNamedType(field.type).name) ?? []) : []),
    ]
    const implementations = field && isAbstractType(parent) ? schema.getPossibleTypes(parent) : []
    const all = [...new Set([...own, ...implementations.flatMap((type) => requirementsOf(type, name))])]
    rulesOfField.set(coordinate, all)
    return all
  }

  return function authorise(
    document: DocumentNode,
    operation: OperationDefinitionNode,
  ): OperationAuthorisation {
    const root = schema.getRootType(operation.operation)
    if (requirements.size === 0 || !root) return unprotected
    const fragments = new Map<string, FragmentDefinitionNode>()
    for (const definition of document.definitions)
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)

    const rules: Requirement[] = []
    const ruleNumber = (requirement: Requirement): number => {
      const at = rules.indexOf(requirement)
      return at >= 0 ? at : rules.push(requirement) - 1
    }
    const protectedFields = new Map<FieldNode, Protected>()
    // A fragment is looked at once: its fields have the same parent wherever it is spread.
    const visited = new Set<string>()

    function visit({ selections }: SelectionSetNode, parent: GraphQLCompositeType, isRoot: boolean): void {
      for (const selection of selections) {
        if (selection.kind === Kind.FIELD) {
          const name = selection.name.value
          const needed = requirementsOf(parent, name)
          if (needed.length > 0)
            protectedFields.set(selection, { node: selection, rules: needed.map(ruleNumber), isRoot })
          const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined
          const type = field && getNamedType(field.type)
          if (selection.selectionSet && isCompositeType(type)) visit(selection.selectionSet, type, false)
        } else if (selection.kind === Kind.INLINE_FRAGMENT) {
          const named = selection.typeCondition && schema.getType(selection.typeCondition.name.value)
          visit(selection.selectionSet, isCompositeType(named) ? named : parent, isRoot)
        } else {
          const fragment = fragments.get(selection.name.value)
          const type = fragment && schema.getType(fragment.typeCondition.name.value)
          if (!fragment || !isCompositeType(type) || visited.has(fragment.name.value)) continue
          visited.add(fragment.name.value)
          visit(fragment.selectionSet, type, isRoot)
        }
      }
    }
    visit(operation.selectionSet, root, true)
    if (protectedFields.size === 0) return unprotected

    const clearances = new Map<string, Clearance>()
    return {
      clearanceOf(viewer) {
        const broken = rules.flatMap((rule, index) => (satisfies(viewer, rule) ? [] : [index]))
        if (broken.length === 0) return everything
        const code = viewer === null ? 'UNAUTHENTICATED' : 'FORBIDDEN'
        const key = `${code}:${broken.join(',')}`
        const known = clearances.get(key)
        if (known) return known
        const withheld = [...protectedFields.values()].filter((field) =>
          field.rules.some((rule) => broken.includes(rule)),
        )
        const clearance: Clearance = {
          key,
          denied: new Map(withheld.map(({ node }) => [node, code])),
          refused:
            operation.operation === 'mutation'
              ? withheld.filter(({ isRoot }) => isRoot).map(({ node }) => ({ field: node, code }))
              : [],
        }
        clearances.set(key, clearance)
        return clearance
      },
    }
  }
}

export type Authorise = ReturnType<typeof createAuthorisation>
