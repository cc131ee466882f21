import { getIntrospectionQuery, Kind, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { defaultLimits } from '../src/limits/settings.ts'
import { createMeasure, shapeRefusal } from '../src/limits/shape.ts'

function shapeOf(text: string) {
  const document = parse(text)
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  if (!operation) throw new Error('no operation')
  return createMeasure(document)(operation)
}

describe('the shape of an operation', () => {
  it('is measured with fragments expanded', () => {
    const shape = shapeOf(`
      query Q($a: Int @x) @y { a { b: c { d } ...F } ...R @z }
      fragment F on T @w { e: f ... on T { g { h { i } } } }
      fragment R on Query { j k: l }
    `)
    expect(shape).toEqual({ depth: 4, aliases: 3, rootFields: 3, fields: 9, directives: 4 })
  })

  it('takes a moment for fragments that double at every level, and for those in circles', () => {
    const doubling = Array.from(
      { length: 200 },
      (_, n) => `fragment F${n} on T { ...F${n + 1} ...F${n + 1} }`,
    )
    expect(shapeOf(`{ a { ...F0 } } ${doubling.join(' ')} fragment F200 on T { x }`).fields).toBeGreaterThan(
      1e50,
    )
    expect(
      shapeOf('{ a { ...A } } fragment A on T { b { ...B } } fragment B on T { c { ...A } }').depth,
    ).toBe(3)
  })

  it('keeps the default limits for the full introspection query', () => {
    const options = {
      inputValueDeprecation: true,
      schemaDescription: true,
      specifiedByUrl: true,
      oneOf: true,
    }
    expect(shapeRefusal(shapeOf(getIntrospectionQuery(options)), defaultLimits)).toBeNull()
  })

  it.each([
    ['DEPTH_LIMIT_EXCEEDED', `${'{ a '.repeat(17)}${'}'.repeat(17)}`, 17, 16],
    [
      'ALIAS_LIMIT_EXCEEDED',
      `{ a { ${Array.from({ length: 51 }, (_, n) => `a${n}: b`).join(' ')} } }`,
      51,
      50,
    ],
    ['ROOT_FIELD_LIMIT_EXCEEDED', `{ ${'a '.repeat(21)} }`, 21, 20],
    ['FIELD_LIMIT_EXCEEDED', `{ a { ${'b '.repeat(2000)} } }`, 2001, 2000],
    ['DIRECTIVE_LIMIT_EXCEEDED', `{ a ${'@b '.repeat(51)} }`, 51, 50],
  ])('breaks with %s, naming limit and finding', (code, text, found, limit) => {
    const [error] = shapeRefusal(shapeOf(text), defaultLimits)?.errors ?? []
    expect(error?.extensions).toEqual({ code, limit, found })
    expect(error?.message).toContain(`${found}`)
    expect(error?.message).toContain(`${limit}`)
  })
})
