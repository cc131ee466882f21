import { describe, expect, test } from 'vitest'
import { createShelf, executeShelf } from './shelf.ts'

const viewer = { userId: 7, username: 'ann', roles: ['user'], sessionId: 's' } as const
const interpreted = executeShelf('interpreted')
const compiled = executeShelf('compiled')

const books = 'edges { cursor node { id title } } pageInfo { hasNextPage endCursor }'

describe('a compiled query answers as an interpreted one does', () => {
  test.each<[query: string, variables?: object]>([
    [`query ($first: Int) { books(first: $first) { ${books} } }`, {}],
    [`query ($first: Int) { books(first: $first) { ${books} } }`, { first: null }],
    [`query ($first: Int = 2) { books(first: $first) { ${books} } }`, {}],
    [`query ($first: Int! = 2) { books(first: $first) { ${books} } }`, {}],
    [`query ($first: Int! = 2) { books(first: $first) { ${books} } }`, { first: null }],
    ['query ($order: BookOrder! = NEWEST) { books(orderBy: $order, first: 1) { edges { node { title } } } }'],
    [`query ($first: Int!) { books(first: $first) { ${books} } }`, { first: '2' }],
    [`query ($first: Int!) { books(first: $first) { ${books} } }`, { first: 3_000_000_000 }],
    [
      'query ($order: BookOrder!) { books(orderBy: $order, first: 1) { edges { node { title } } } }',
      { order: 'NEWEST' },
    ],
    [
      'query ($order: BookOrder!) { books(orderBy: $order, first: 1) { edges { node { title } } } }',
      { order: 'OLDEST' },
    ],
    [
      'query ($no: Boolean!) { book(id: 1) { title @skip(if: $no) id @include(if: $no) ...T @include(if: $no) } } fragment T on Book { spine }',
      { no: false },
    ],
    [
      'query ($no: Boolean!) { book(id: 1) { title @skip(if: $no) id @include(if: $no) ...T @include(if: $no) } } fragment T on Book { spine }',
      { no: true },
    ],
    [
      '{ a: book(id: 1) { t: title ... on Book { id t: title } } b: book(id: 2) { __typename title } __typename }',
    ],
    [
      '{ books(first: 2) { edges { node { ...B } } totalCount } } fragment B on Book { id ... on Book { addedAt published coverUrl } }',
    ],
    [
      '{ book(id: 99) { title } lent(id: 1) { __typename ... on Book { title } } stranger: lent(id: 99) { __typename ... on Reader { id } } }',
    ],
    [
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Book { title spine } ... on Reader { id } } }',
      {
        r: [
          { __typename: 'Book', id: '1' },
          { __typename: 'Reader', id: '3' },
          { __typename: 'Book', id: 'x' },
        ],
      },
    ],
    [
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Book { title } } }',
      { r: [{ __typename: 'Film', id: '1' }, { id: '1' }, null] },
    ],
    [
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Book { title } } }',
      { r: [{ __typename: 'Film', id: '1' }, 'x'] },
    ],
    ['{ faulty { books { id title } deep { books { title } } } }'],
    ['{ reader { id } book(id: 1) { title copies price } }'],
    ['{ __schema { queryType { name } } __type(name: "Book") { fields { name } } }'],
    ['{ broken again: broken book(id: "x") { title } }'],
  ])('%s %j', async (query, variables) => {
    for (const who of [null, viewer]) {
      const [expected, answer] = await Promise.all(
        [interpreted, compiled].map((execute) =>
          execute(createShelf(), { query, variables: variables as Record<string, unknown>, viewer: who }),
        ),
      )
      expect(answer?.data).toEqual(expected?.data)
      const faults = [expected, answer].map((result) =>
        result?.errors?.map(({ path, extensions }) => `${path?.join('.')} ${extensions.code}`).sort(),
      )
      expect(faults[1]).toEqual(faults[0])
    }
  })
})
