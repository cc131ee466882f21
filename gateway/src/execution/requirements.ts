import { Kind, type SelectionSetNode } from 'graphql'
import type { EntitySet, Requirement, Rewrite } from '../planning/plan.ts'
import type { Joins } from '../supergraph/joins.ts'

/** One member of a representation, for one type of entity. */
export interface Member {
  readonly source: string
  readonly fallback: string | undefined
  readonly target: string
  /** What is required of the objects that this field holds. */
  readonly selections: readonly Requirement[] | undefined
  /** Part of the only key that fits: where it is null there is no entity to ask for. */
  readonly key: boolean
}

/** How entities of one type are represented. */
export interface Representation {
  /** What `__typename` says; an interface object is asked for by its interface's name. */
  readonly typename: string
  readonly members: readonly Member[]
}

/** Values of `__typename` for which these requirements state anything. */
export function requiredTypes(requires: readonly Requirement[], joins: Joins): ReadonlySet<string> {
  const types = new Set<string>()
  for (const requirement of requires) {
    if (requirement.kind !== 'fragment') continue
    const inner = requiredTypes(requirement.selections, joins)
    if (requirement.type === undefined) for (const type of inner) types.add(type)
    else for (const type of joins.possibleTypes(requirement.type)) types.add(type)
  }
  return types
}

/** The fields required of an object of this type; those of `undefined`, of objects that don't state their type. */
export function requiredFields(
  requires: readonly Requirement[],
  type: string | undefined,
  joins: Joins,
): readonly Member[] {
  const members = new Map<string, Member>()
  const add = (requirements: readonly Requirement[]) => {
    for (const requirement of requirements) {
      if (requirement.kind === 'fragment') {
        const fits =
          requirement.type === undefined ||
          (type !== undefined && joins.possibleTypes(requirement.type).has(type))
        if (fits) add(requirement.selections)
        continue
      }
      const { source, fallback, target, selections } = requirement
      const known = members.get(target)
      const merged =
        known?.selections || selections ? [...(known?.selections ?? []), ...(selections ?? [])] : undefined
      members.set(target, { source, fallback, target, selections: merged, key: false })
    }
  }
  add(requires)
  return [...members.values()]
}

/** How an entity of this type is represented to the set's service. */
export function representationOf(
  set: EntitySet,
  type: string,
  service: string,
  joins: Joins,
): Representation {
  const members = requiredFields(set.requires, type, joins).filter((member) => member.target !== '__typename')
  const rewritten = set.inputRewrites.reduce<string>(
    (name, rewrite) => typenameBy(rewrite, name, joins),
    type,
  )
  // A planner may forget the rewrite; the subgraph would not know the type.
  const typename = joins.entityName(service, rewritten)
  const keys = fittingKey(members, [...joins.keys(service, typename), ...joins.keys(service, type)])
  return { typename, members: members.map((member) => ({ ...member, key: keys.has(member.target) })) }
}

/** Rewrites that do more than name another type. */
export function otherRewrites(rewrites: readonly Rewrite[]): readonly Rewrite[] {
  return rewrites.filter((rewrite) => !setsTypename(rewrite))
}

function setsTypename(rewrite: Rewrite): boolean {
  const last = rewrite.path.at(-1)
  return (
    rewrite.kind === 'set' &&
    typeof rewrite.value === 'string' &&
    last?.kind === 'key' &&
    last.name === '__typename' &&
    rewrite.path.slice(0, -1).every((segment) => segment.kind === 'types')
  )
}

function typenameBy(rewrite: Rewrite, typename: string, joins: Joins): string {
  if (rewrite.kind !== 'set' || typeof rewrite.value !== 'string' || !setsTypename(rewrite)) return typename
  const fits = rewrite.path.every(
    (segment) =>
      segment.kind === 'key' || segment.names.some((name) => joins.possibleTypes(name).has(typename)),
  )
  return fits ? rewrite.value : typename
}

function fittingKey(members: readonly Member[], keys: readonly SelectionSetNode[]): ReadonlySet<string> {
  const present = new Set(members.map((member) => member.target))
  const fitting = new Map<string, ReadonlySet<string>>()
  for (const key of keys) {
    const fields = new Set<string>()
    for (const selection of key.selections) {
      if (selection.kind === Kind.FIELD && selection.name.value !== '__typename')
        fields.add(selection.name.value)
    }
    if ([...fields].every((field) => present.has(field))) fitting.set([...fields].sort().join(' '), fields)
  }
  const [only, ...others] = fitting.values()
  return only && others.length === 0 ? only : new Set()
}
