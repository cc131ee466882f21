import fc from 'fast-check'
import {
  type GraphQLInputType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
} from 'graphql'
import { pick, type Random } from '../random.ts'

/** Ids of what the drill may change; what it looks at afterwards lies above. */
export const touchedIds = 12

/** Words of one case: what a client may put where a value belongs. */
export interface Values {
  /** A JSON value that mostly is of the type, and now and then is not. */
  of(type: GraphQLInputType, name: string): unknown
  text(): string
  json(): unknown
}

/** Values that programs trip over, made once for a run. */
export interface ValuePool {
  readonly texts: readonly string[]
  readonly numbers: readonly number[]
  readonly json: readonly unknown[]
}

const nasty = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\udfff\ud800',
  '\ufeff',
  '\u202e\u2066',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  '0',
  '-0',
  '9007199254740993',
  `' or 1=1; --`,
  '{{7*7}}#{7*7}',
  '%00%ff%s%n',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  'a'.repeat(30_000),
  '🏴‍☠️'.repeat(2_000),
  'e\u0301'.repeat(5_000),
  '2026-02-30',
  '2026-05-17T12:30:00.000Z',
  '1e309',
]

export function createValuePool(seed: number): ValuePool {
  const sampled = <T>(arbitrary: fc.Arbitrary<T>, numRuns = 400) => fc.sample(arbitrary, { seed, numRuns })
  return {
    texts: [
      ...nasty,
      ...sampled(fc.string({ unit: 'grapheme', maxLength: 60 })),
      ...sampled(fc.string({ unit: 'binary', maxLength: 200 })),
      ...sampled(fc.lorem()),
      ...sampled(fc.oneof(fc.emailAddress(), fc.webUrl(), fc.uuid(), fc.base64String())),
    ],
    numbers: [
      0,
      -0,
      -1,
      2 ** 31 - 1,
      2 ** 31,
      -(2 ** 31) - 1,
      2 ** 53,
      1e21,
      Number.MAX_VALUE,
      Number.MIN_VALUE,
      ...sampled(fc.double({ noNaN: true, noDefaultInfinity: true })),
      ...sampled(fc.integer()),
    ],
    json: sampled(fc.jsonValue({ maxDepth: 4 })),
  }
}

export function createValues(random: Random, pool: ValuePool): Values {
  const text = () => pick(random, pool.texts)
  const json = () => pick(random, pool.json)
  const id = () => (random() < 0.85 ? String(1 + Math.floor(random() * touchedIds)) : text())

  function of(type: GraphQLInputType, name: string): unknown {
    if (random() < 0.004) return json()
    // A cursor out of the blue is refused, and little is learned.
    if (name === 'after' && random() < 0.8) return null
    if (!isNonNullType(type) && random() < 0.05) return null
    const inner = getNullableType(type)
    if (isListType(inner)) {
      const length = random() < 0.02 ? 600 : Math.floor(random() * 4)
      return Array.from({ length }, () => of(inner.ofType, name))
    }
    if (isEnumType(inner)) return pick(random, inner.getValues()).name
    if (isInputObjectType(inner)) {
      const fields = Object.values(inner.getFields())
      const given = fields.filter((field) => isNonNullType(field.type) || random() < 0.6)
      return Object.fromEntries(given.map((field) => [field.name, of(field.type, field.name)]))
    }
    if (isScalarType(inner)) return scalar(inner.name, name)
    return null
  }

  function scalar(type: string, name: string): unknown {
    switch (type) {
      case 'ID':
        return id()
      case 'Int':
        return random() < 0.95
          ? Math.ceil(random() * (name === 'first' ? 20 : 100))
          : Math.trunc(pick(random, pool.numbers))
      case 'Float':
        return random() < 0.9 ? Math.ceil(random() * 10) / 2 : pick(random, pool.numbers)
      case 'Boolean':
        return random() < 0.5
      case 'Date':
        return random() < 0.8
          ? `19${10 + Math.floor(random() * 89)}-0${1 + Math.floor(random() * 9)}-15`
          : text()
      case 'DateTime':
        return random() < 0.8 ? new Date(random() * 2e12).toISOString() : text()
      default:
        return text()
    }
  }
  return { of, text, json }
}
