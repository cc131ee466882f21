import { told } from '../events.ts'
import { queryWords } from '../names.ts'
import { unknownPerson } from '../person-facts.ts'
import type { MetadataStore, Person, PersonFacts } from '../store.ts'
import { type Fault, fault, type Outcome, refused, textFault } from './faults.ts'

/** Facts that are absent stay as they are, null takes them away. */
export interface PersonInput {
  /** Without one a person is added. */
  readonly id?: number
  readonly name: string
  readonly biography?: string | null
  /** YYYY-MM-DD */
  readonly birthday?: string | null
  /** YYYY-MM-DD */
  readonly deathday?: string | null
  readonly photoUrl?: string | null
  readonly knownFor?: string | null
}

/** Carries faults out of a write that has not written yet. */
class Refusal extends Error {
  readonly faults: readonly Fault[]
  constructor(faults: readonly Fault[]) {
    super('refused')
    this.faults = faults
  }
}

export function createPeople({ store }: { readonly store: MetadataStore }) {
  return {
    async save({ id, ...input }: PersonInput): Promise<Outcome<Person>> {
      const name = input.name.trim()
      const faults = [
        ...textFault(name, { field: ['name'], least: 1, most: 200 }),
        ...textFault(input.biography, { field: ['biography'], most: 20_000, lines: true }),
        ...textFault(input.photoUrl, { field: ['photoUrl'], most: 2000 }),
        ...textFault(input.knownFor, { field: ['knownFor'], most: 60 }),
      ]
      if (faults.length === 0 && queryWords(name).length === 0)
        faults.push(fault('INVALID_VALUE', 'A name has letters or digits.', 'name'))
      if (faults.length > 0) return refused(...faults)
      try {
        const person = await store.savePerson(
          id,
          (present = { ...unknownPerson, id: 0, version: 0 }) => checked(present, { ...input, name }),
          told.person,
        )
        return person ? { value: person } : refused(fault('NOT_FOUND', 'There is no such person.', 'id'))
      } catch (error) {
        if (error instanceof Refusal) return refused(...error.faults)
        throw error
      }
    },
  }
}

/** @throws Refusal when the facts, old and new together, cannot be */
function checked(present: Person, input: Omit<PersonInput, 'id'>): PersonFacts {
  const { id: _id, version: _version, ...before } = present
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
  const after: PersonFacts = { ...before, ...given }
  if (after.birthday !== null && after.deathday !== null && after.deathday < after.birthday)
    throw new Refusal([fault('INVALID_VALUE', 'Nobody dies before being born.', 'deathday')])
  return after
}
