import { badUserInput } from '../errors.ts'

/** Ids are PostgreSQL `integer` and MySQL `INT`, counted from 1. */
const largestId = 2_147_483_647

/** @returns the number of a decimal id, or null when the text is none (leading zeros and signs included) */
export function readId(id: unknown): number | null {
  if (typeof id === 'number') return Number.isInteger(id) && id >= 1 && id <= largestId ? id : null
  if (typeof id !== 'string' || !/^[1-9][0-9]{0,9}$/.test(id)) return null
  const number = Number(id)
  return number <= largestId ? number : null
}

/**
 * An id given as an argument.
 * @param argument where it stands: `input.movieId`
 * @throws GraphQLError BAD_USER_INPUT when it is no id
 */
export function parseId(id: unknown, argument = 'id'): number {
  const number = readId(id)
  if (number === null) throw badUserInput(`${argument} is not an id.`, argument)
  return number
}

/** Ids given as an argument; duplicates are kept. @throws GraphQLError BAD_USER_INPUT when one is none */
export function parseIds(ids: readonly unknown[], argument = 'ids'): number[] {
  return ids.map((id, index) => parseId(id, `${argument}.${index}`))
}

/** The id in an entity's reference; null (there is no such entity) when it is malformed. */
export function referenceId(reference: Readonly<Record<string, unknown>>): number | null {
  return readId(reference.id)
}
