import { GraphQLScalarType, Kind, type ValueNode } from 'graphql'
import { badUserInput } from '../errors.ts'

interface TextScalar<Internal> {
  readonly name: string
  readonly description: string
  readonly specifiedByURL?: string
  /** @returns undefined when the text is not such a value */
  readonly parse: (text: string) => Internal | undefined
  readonly serialize: (value: unknown) => string | undefined
}

/** A scalar that is a string in JSON; wrong input is BAD_USER_INPUT, wrong output a bug. */
function textScalar<Internal>(scalar: TextScalar<Internal>): GraphQLScalarType<Internal, string> {
  const { name, description, specifiedByURL } = scalar
  const parseValue = (value: unknown): Internal => {
    const parsed = typeof value === 'string' ? scalar.parse(value) : undefined
    if (parsed === undefined) throw badUserInput(`This is not a ${name}: ${describe(value)}`)
    return parsed
  }
  return new GraphQLScalarType<Internal, string>({
    name,
    description,
    specifiedByURL,
    parseValue,
    parseLiteral: (node: ValueNode) => parseValue(node.kind === Kind.STRING ? node.value : undefined),
    serialize(value) {
      const text = scalar.serialize(value)
      if (text === undefined) throw new TypeError(`${name} cannot be made of ${describe(value)}`)
      return text
    },
  })
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : typeof value
}

const rfc3339 =
  /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/** RFC 3339. In the program a Date; in answers always UTC with milliseconds; in input any offset. */
export const DateTime = textScalar<Date>({
  name: 'DateTime',
  description: 'A moment, RFC 3339 in UTC: 2026-05-17T12:30:00.000Z.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  parse(text) {
    const match = rfc3339.exec(text)
    return match?.[1] && isCalendarDate(match[1]) ? new Date(text) : undefined
  },
  serialize(value) {
    const date = value instanceof Date ? value : typeof value === 'string' ? new Date(value) : undefined
    return date && !Number.isNaN(date.getTime()) ? date.toISOString() : undefined
  },
})

const datePattern = /^\d{4}-\d{2}-\d{2}$/

/** A day of the calendar without a time zone. In the program its text, `YYYY-MM-DD`; a Date is written by its UTC day. */
export const CalendarDate = textScalar<string>({
  name: 'Date',
  description: 'A day of the Gregorian calendar: 1995-12-15.',
  parse: (text) => (isCalendarDate(text) ? text : undefined),
  serialize(value) {
    if (value instanceof Date) {
      return Number.isNaN(value.getTime()) ? undefined : value.toISOString().slice(0, 10)
    }
    return typeof value === 'string' && datePattern.test(value) ? value : undefined
  },
})

function isCalendarDate(text: string): boolean {
  if (!datePattern.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  // 30 February becomes 2 March: only days that exist come back as they went in.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

/** Characters of an address at most. */
const longestUrl = 2048

/** An absolute http or https address without credentials. In the program its text as it was given. */
export const URL = textScalar<string>({
  name: 'URL',
  description: 'An absolute http or https address of at most 2,048 characters.',
  specifiedByURL: 'https://url.spec.whatwg.org/',
  parse: (text) => (isWebAddress(text) ? text : undefined),
  serialize: (value) => (typeof value === 'string' ? value : undefined),
})

function isWebAddress(text: string): boolean {
  if (text.length > longestUrl || /[\s\p{Cc}]/u.test(text) || !/^https?:\/\//i.test(text)) return false
  const url = globalThis.URL.parse(text)
  return url !== null && url.hostname !== '' && url.username === '' && url.password === ''
}
