import { pick, type Random } from '../random.ts'
import type { Operation } from './operations.ts'
import type { Values } from './values.ts'

/** What a case is made with. */
export interface Making {
  readonly random: Random
  readonly values: Values
  /** An ordinary operation to do something to. */
  operation(): Operation
}

/** A GraphQL request as JSON, of whatever shape. */
export type Parameters = Readonly<Record<string, unknown>>

const sizes = [3, 17, 60, 400, 5_000, 30_000]

/** `depth` levels of a selection that goes on for ever. */
const film = (depth: number) =>
  `{ movie(id: 1) ${'{ reviews { edges { node { movie '.repeat(depth)}{ id }${' } } } }'.repeat(depth)} }`

/** Requests meant to hurt: deep, wide, circular, huge, or with names that mean something to a program. */
const hostiles: readonly ((making: Making, size: number) => Parameters)[] = [
  (_, size) => ({ query: film(size) }),
  (_, size) => ({ query: '{ a '.repeat(size) + '}'.repeat(size) }),
  (_, size) => ({ query: `{ movie(id: ${'['.repeat(size)}${']'.repeat(size)}) { id } }` }),
  (_, size) => ({ query: `{ movies(filter: ${'{a:'.repeat(size)}1${'}'.repeat(size)}) { totalCount } }` }),
  (_, size) => ({ query: `query ($v: ${'['.repeat(size)}Int${']'.repeat(size)}) { movie(id: $v) { id } }` }),
  (_, size) => ({
    query: `{ ${upTo(size)
      .map((n) => `a${n}: __typename`)
      .join(' ')} }`,
  }),
  (_, size) => ({
    query: `{ ${upTo(size)
      .map((n) => `a${n}: movie(id: ${n}) { title }`)
      .join(' ')} }`,
  }),
  (_, size) => ({ query: `{ movie(id: 1) { ${'title '.repeat(size)} } }` }),
  (_, size) => ({
    query: `{ movie(id: 1) { ${upTo(size)
      .map((n) => `title(a: ${n})`)
      .join(' ')} } }`,
  }),
  (_, size) => ({ query: `{ movie(id: 1) { id ${'@skip(if: false) '.repeat(size)} } }` }),
  (_, size) => ({
    query: `{ ...F0 } ${upTo(size)
      .map((n) => `fragment F${n - 1} on Query { ...F${n} ...F${n} }`)
      .join(' ')} fragment F${size} on Query { __typename }`,
  }),
  (_, size) => ({
    query: `{ movie(id: 1) { ...F0 } } ${upTo(size)
      .map((n) => `fragment F${n - 1} on Movie { id ...F${n % size} }`)
      .join(' ')}`,
  }),
  () => ({ query: '{ ...F } fragment F on Query { ...F }' }),
  () => ({ query: '{ ...Nowhere ...on Nothing { id } }' }),
  (_, size) => ({
    query: upTo(size)
      .map((n) => `query Q${n} { __typename }`)
      .join(' '),
    operationName: `Q${size}`,
  }),
  () => ({ query: 'query A { __typename } query A { __typename }', operationName: 'A' }),
  ({ values }) => ({
    query: 'query A { __typename } mutation B { __typename }',
    operationName: values.json(),
  }),
  (_, size) => ({
    query: `{ __schema { types ${'{ fields { type '.repeat(size)}{ name }${' } }'.repeat(size)} } }`,
  }),
  () => ({
    query:
      '{ __type(name: "Movie") { fields { type { ofType { ofType { name } } } } } __schema { directives { name } } }',
  }),
  () => ({ query: 'subscription { reviewAdded(movieId: 1) { id } }' }),
  () => ({
    query:
      '{ _service { sdl } _entities(representations: [{ __typename: "Account", id: 1 }]) { __typename } }',
  }),
  ({ random }) => ({
    query: `{ ${pick(random, ['__proto__', 'constructor', 'hasOwnProperty', 'then', 'toString'])}: movie(id: 1) { __proto__: id then: title } }`,
  }),
  ({ random, values }) => ({
    query:
      'query ($id: ID!, $first: Int, $after: String) { movie(id: $id) { reviews(first: $first, after: $after) { totalCount edges { cursor } } } }',
    variables: {
      id: values.text(),
      first: values.json(),
      after: pick(random, [
        values.text(),
        Buffer.from(JSON.stringify([values.json()])).toString('base64url'),
      ]),
    },
  }),
  ({ values }) => ({ query: 'query ($id: ID!) { movie(id: $id) { id } }', variables: values.json() }),
  ({ values }) => ({
    query: 'query ($id: ID!) { movie(id: $id) { id } }',
    variables: { id: values.json(), __proto__: { id: 1 } },
  }),
  (_, size) => ({
    query: 'query ($r: [ID!]) { movie(id: 1) { id } }',
    variables: { r: upTo(Math.min(size, 20_000)) },
  }),
  (_, size) => ({
    query: 'query ($id: ID!) { movie(id: $id) { id } }',
    variables: { id: nested(Math.min(size, 5_000)) },
  }),
  ({ values }) => ({ query: values.json(), variables: null, operationName: values.json() }),
  ({ values }) => ({ query: values.text() }),
  ({ values }) => ({
    query: `{ people(query: ${JSON.stringify(values.text())}) { totalCount edges { node { name } } } }`,
  }),
  ({ values }) => ({
    query: 'query ($q: String) { people(query: $q, first: 100) { edges { node { name } } } }',
    variables: { q: values.text() },
  }),
  ({ values }) => ({ extensions: { persistedQuery: values.json() } }),
  ({ random, values }) => ({
    query: '{ __typename }',
    extensions: { persistedQuery: { version: pick(random, [1, 2, '1', null]), sha256Hash: values.text() } },
  }),
  ({ values }) => ({ documentId: values.json(), id: values.json(), extensions: values.json() }),
  ({ operation }) => ({
    ...operation(),
    extensions: { persistedQuery: { version: 1, sha256Hash: 'f'.repeat(64) } },
  }),
  (_, size) => ({
    query: `{ movie(id: "${'9'.repeat(size)}") { id } a: movie(id: ${'9'.repeat(size)}) { id } }`,
  }),
  (_, size) => ({ query: `{ movies(first: 1${'0'.repeat(Math.min(size, 400))}) { totalCount } }` }),
  () => ({
    query:
      '{ movies(first: 100) { edges { node { reviews(first: 100) { edges { node { movie { reviews(first: 100) { edges { node { id } } } } } } } } } } }',
  }),
  (_, size) => ({ query: `#${'x'.repeat(size)}\n{ __typename }${',\ufeff\t'.repeat(size)}` }),
  (_, size) => ({ query: `{ movie(id: """${'\\""" "" '.repeat(size)}""") { id } }` }),
  () => ({ query: '{ movie(id: "\\u{1F600}\\ud83d\\ude00\\u{110000}") { id } }' }),
]

export function hostile(making: Making): Parameters {
  return pick(making.random, hostiles)(making, pick(making.random, sizes))
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = [value]
  return value
}
