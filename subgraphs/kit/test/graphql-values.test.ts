import { encodeCursor } from '@movieverse/kit/graphql/connection'
import { executeOn } from '@movieverse/kit/testing/execute'
import { beforeEach, describe, expect, test } from 'vitest'
import { createShelf, type Shelf } from './shelf.ts'

let shelf: Shelf
beforeEach(() => {
  shelf = createShelf()
})
const viewer = { userId: 7, username: 'ann', roles: ['user'], sessionId: 's' } as const

interface Books {
  books: {
    edges: { node: { title: string } }[]
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string }
  }
}

async function page(args: string) {
  const query = `{ books(${args}) { edges { node { title } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`
  const { data, errors } = await executeOn<Books | null>(shelf, { query })
  if (!data) return { code: errors?.[0]?.extensions.code, titles: [], hasNextPage: false, endCursor: '' }
  const { edges, pageInfo } = data.books
  return { code: undefined, titles: edges.map(({ node }) => node.title), ...pageInfo }
}

describe('connections', () => {
  test('walk a list to its end', async () => {
    const first = await page('first: 2')
    expect(first).toMatchObject({ titles: ['Amber', 'Birch'], hasNextPage: true, hasPreviousPage: false })
    const second = await page(`first: 2, after: "${first.endCursor}"`)
    expect(second).toMatchObject({ titles: ['Cedar', 'Dune'], hasNextPage: true, hasPreviousPage: true })
    const last = await page(`first: 2, after: "${second.endCursor}"`)
    expect(last).toMatchObject({ titles: ['Elm'], hasNextPage: false, hasPreviousPage: true })
  })

  test('refuse the cursor of another order', async () => {
    const { endCursor } = await page('first: 2, orderBy: NEWEST')
    expect((await page(`after: "${endCursor}"`)).code).toBe('BAD_USER_INPUT')
  })

  test.each([
    ['keys of another type', encodeCursor('TITLE', [5, 'Amber'])],
    ['too many keys', encodeCursor('TITLE', ['Amber', 5, 5])],
    ['no keys', encodeCursor('TITLE', [])],
    ['a fraction for an id', encodeCursor('TITLE', ['Amber', 1.5])],
    ['a NUL in a text', encodeCursor('TITLE', ['Am\0ber', 1])],
    ['an object', Buffer.from('{"a":1}').toString('base64url')],
    ['SQL', "' OR 1=1 --"],
    ['nothing', ''],
    ['a flood', 'A'.repeat(5000)],
  ])('refuse a cursor with %s', async (_, cursor) => {
    expect((await page(`after: "${cursor}"`)).code).toBe('BAD_USER_INPUT')
  })

  test('count only when asked', async () => {
    await page('first: 2')
    expect(shelf.counted).toBe(0)
    const { data } = await executeOn(shelf, { query: '{ books { totalCount } }' })
    expect([data, shelf.counted]).toEqual([{ books: { totalCount: 5 } }, 1])
  })
})

describe('scalars', () => {
  const add = `mutation ($input: AddBookInput!) { addBook(input: $input) { book { title published coverUrl addedAt } errors { code field } } }`

  test('travel as their texts', async () => {
    const input = { title: 'Oak', published: '2024-02-29', coverUrl: 'https://covers.example/oak.png?size=1' }
    const { data } = await executeOn(shelf, { query: add, variables: { input }, viewer })
    expect(data).toEqual({
      addBook: { book: { ...input, addedAt: '2026-01-02T03:04:05.678Z' }, errors: [] },
    })
  })

  test.each([
    ['published', '2023-02-29'],
    ['published', '1.1.2024'],
    ['published', 20240101],
    ['coverUrl', 'javascript:alert(1)'],
    ['coverUrl', 'ftp://covers.example/oak.png'],
    ['coverUrl', '//covers.example/oak.png'],
    ['coverUrl', 'https://user:secret@covers.example/'],
    ['coverUrl', 'https://covers.example/a b'],
    ['coverUrl', `https://covers.example/${'a'.repeat(2048)}`],
  ])('refuse %s %s', async (field, value) => {
    const input = { title: 'Oak', [field]: value }
    const { errors } = await executeOn(shelf, { query: add, variables: { input }, viewer })
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT'])
    const literal = `mutation { addBook(input: { title: "Oak", ${field}: ${JSON.stringify(value)} }) { book { title } } }`
    const inText = await executeOn(shelf, { query: literal, viewer })
    expect(inText.errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT'])
  })

  test('faults of the domain are the payload’s', async () => {
    const { data } = await executeOn(shelf, { query: add, variables: { input: { title: '' } }, viewer })
    expect(data).toEqual({ addBook: { book: null, errors: [{ code: 'INVALID_VALUE', field: ['title'] }] } })
  })
})
