import { badUserInput } from '../errors.ts'

/** What a row is ordered by, the unique id last: the position of a keyset page. */
export type CursorKey = readonly (string | number | null)[]

/** The form of an order's keys: one check per key, so that nothing else of a cursor reaches a statement. */
export type CursorShape = readonly ('number' | 'integer' | 'string' | 'date')[]

/** Characters of a cursor at most: a title key of 600 characters fits, nothing much larger. */
const longestCursor = 4096

/** @param order name of the order, which only its own cursors carry: `NEWEST` */
export function encodeCursor(order: string, key: CursorKey): string {
  return Buffer.from(JSON.stringify([order, ...key])).toString('base64url')
}

/**
 * Reads a cursor that a client sends back.
 * @throws GraphQLError BAD_USER_INPUT when it is malformed, of another order, or its keys are not of the order's form
 */
export function decodeCursor(cursor: string, order: string, shape: CursorShape): CursorKey {
  const parts = parseCursor(cursor)
  if (!Array.isArray(parts)) throw badUserInput('after is not a cursor.', 'after')
  const [name, ...key]: unknown[] = parts
  if (name !== order) throw badUserInput('after is a cursor of another list or order.', 'after')
  if (!isKey(key, shape)) throw badUserInput('after is not a cursor.', 'after')
  return key
}

function isKey(key: unknown[], shape: CursorShape): key is (string | number)[] {
  return key.length === shape.length && key.every((value, index) => fits(value, shape[index]))
}

function parseCursor(cursor: string): unknown {
  if (cursor.length > longestCursor || !/^[\w-]+$/.test(cursor)) return undefined
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    // Not JSON: no cursor of ours.
    return undefined
  }
}

function fits(value: unknown, form: CursorShape[number] | undefined): boolean {
  switch (form) {
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
    case 'integer':
      return Number.isSafeInteger(value)
    case 'string':
      // PostgreSQL text has no NUL.
      return typeof value === 'string' && !value.includes('\0')
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$/.test(value)
    default:
      return false
  }
}
