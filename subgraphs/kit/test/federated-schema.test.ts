import { printSdl } from '@movieverse/kit/graphql/build'
import { contractGaps } from '@movieverse/kit/testing/contract'
import { composeServices, compositionHasErrors } from '@theguild/federation-composition'
import { parse } from 'graphql'
import { beforeEach, describe, expect, test } from 'vitest'
import { createShelf, executeShelf, type Shelf } from './shelf.ts'

let shelf: Shelf
beforeEach(() => {
  shelf = createShelf()
})
const reader = { userId: 7, username: 'ann', roles: ['user'], sessionId: 's' } as const
const admin = { ...reader, roles: ['user', 'admin'] } as const

describe.each(['interpreted', 'compiled'] as const)('the federated schema, %s', (engine) => {
  const executeOn = executeShelf(engine)
  test('prints the contract it was written for, and composes', () => {
    const sdl = printSdl(shelf.schema)
    const contract = `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@listSize", "@composeDirective"])
      extend schema @link(url: "https://movieverse.example/events/v1.0", import: ["@eventSource"]) @composeDirective(name: "@eventSource")
      directive @eventSource(topic: String!) on FIELD_DEFINITION
      type Query { books(orderBy: BookOrder! = TITLE, first: Int = 20, after: String): BookConnection! @listSize(slicingArguments: ["first"], sizedFields: ["edges"], requireOneSlicingArgument: false) }
      type Mutation { addBook(input: AddBookInput!): BookPayload! @authenticated }
      type Book @key(fields: "id") { id: ID! published: Date price: Int @requiresScopes(scopes: [["admin"]]) }
      type Reader @key(fields: "id", resolvable: false) { id: ID! }
      union Lent = Book | Reader
      type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
      type UserError @shareable { code: ErrorCode! message: String! field: [String!] }
      enum BookOrder { TITLE NEWEST }
      scalar Date
      scalar URL`
    expect(contractGaps(sdl, contract)).toEqual([])
    const composed = composeServices([{ name: 'shelf', url: 'http://shelf', typeDefs: parse(sdl) }])
    expect(compositionHasErrors(composed) ? composed.errors : []).toEqual([])
    expect(sdl).not.toMatch(/directive @(skip|key|deprecated)/)
  })

  test('every difference from a contract is named', () => {
    const contract = `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@tag"])
      directive @other on OBJECT
      type Query { books(orderBy: BookOrder! = NEWEST, first: Int! = 20, before: String): BookConnection!  none: Int }
      type Book @key(fields: "isbn") { title: String price: Int @requiresScopes(scopes: [["owner"]]) }
      enum BookOrder { OLDEST }
      union Lent = Shelf
      input Reader { id: ID! }
      type Absent { id: ID! }`
    expect(contractGaps(printSdl(shelf.schema), contract)).toEqual([
      'schema: @link "https://specs.apollo.dev/federation/v2.9" "@tag" missing',
      'directive @other on OBJECT: missing',
      'Query.books.orderBy: default TITLE instead of NEWEST',
      'Query.books.first: type Int instead of Int!',
      'Query.books.before: missing',
      'Query.none: missing',
      'Book: @key(fields: "isbn") missing',
      'Book.title: type String! instead of String',
      'Book.price: @requiresScopes(scopes: [["owner"]]) missing',
      'BookOrder.OLDEST: missing',
      'Lent: member Shelf missing',
      'Reader: another kind of type',
      'Absent: missing',
    ])
  })

  test('references are resolved in one read, in order, and null for what is not there', async () => {
    const representations = [
      { __typename: 'Book', id: '3' },
      { __typename: 'Book', id: '1' },
      { __typename: 'Book', id: '77' },
      { __typename: 'Book', id: "1' OR 1=1" },
      { __typename: 'Reader', id: '5' },
      { __typename: 'Book', id: '3' },
    ]
    const query = `query ($representations: [_Any!]!) {
      _entities(representations: $representations) { __typename ... on Book { title spine } ... on Reader { id } }
    }`
    const { data, errors } = await executeOn(shelf, { query, variables: { representations } })
    expect(errors).toBeUndefined()
    expect(data).toEqual({
      _entities: [
        { __typename: 'Book', title: 'Cedar', spine: 'Cedar 3' },
        { __typename: 'Book', title: 'Amber', spine: 'Amber 1' },
        null,
        null,
        { __typename: 'Reader', id: '5' },
        { __typename: 'Book', title: 'Cedar', spine: 'Cedar 3' },
      ],
    })
    expect(shelf.reads).toEqual([[3, 1, 77]])
  })

  test('a representation of an unknown type is the caller’s fault, the others are answered', async () => {
    const query = `{ _entities(representations: [{ __typename: "Film", id: 1 }, { __typename: "Book", id: 1 }]) {
      ... on Book { title } } }`
    const { data, errors } = await executeOn(shelf, { query })
    expect(data).toEqual({ _entities: [null, { title: 'Amber' }] })
    expect(errors).toMatchObject([{ path: ['_entities', 0], extensions: { code: 'BAD_USER_INPUT' } }])
  })

  test('the SDL is served to those who compose', async () => {
    const { data } = await executeOn<{ _service: { sdl: string } }>(shelf, { query: '{ _service { sdl } }' })
    expect(data._service.sdl).toContain('type Book')
  })
})

describe.each(['interpreted', 'compiled'] as const)('the rights of the schema, %s', (engine) => {
  const executeOn = executeShelf(engine)
  const code = async (query: string, who: object) =>
    (await executeOn(shelf, { query, ...who })).errors?.map(({ extensions }) => extensions.code) ?? []
  const entity =
    '{ _entities(representations: [{ __typename: "Book", id: "1" }]) { ... on Book { copies price } } }'
  const add = 'mutation { addBook(input: { title: "Oak" }) { book { title } } }'

  test.each([
    ['nobody', {}, ['UNAUTHENTICATED', 'UNAUTHENTICATED'], ['UNAUTHENTICATED']],
    ['a reader', { viewer: reader }, ['FORBIDDEN'], []],
    ['an administrator', { viewer: admin }, [], []],
    ['another service', { service: 'search' }, [], ['UNAUTHENTICATED']],
  ])('%s', async (_, who, onEntity, onMutation) => {
    expect(await code(entity, who)).toEqual(onEntity)
    expect(await code('{ book(id: 1) { copies price } }', who)).toEqual(
      'service' in who ? ['UNAUTHENTICATED', 'UNAUTHENTICATED'] : onEntity,
    )
    expect(await code(add, who)).toEqual(onMutation)
  })

  test('an alias named for the entities opens nothing to a service', async () => {
    expect(await code('{ _entities: book(id: 1) { copies } }', { service: 'search' })).toEqual([
      'UNAUTHENTICATED',
    ])
  })
})

describe.each(['interpreted', 'compiled'] as const)('errors, %s', (engine) => {
  const executeOn = executeShelf(engine)
  test('a bug is masked and carries the request’s id', async () => {
    const { data, errors } = await executeOn(shelf, { query: '{ broken book(id: 1) { title } }' })
    expect(data).toEqual({ broken: null, book: { title: 'Amber' } })
    expect(errors).toEqual([
      {
        message: 'Something went wrong on our side.',
        path: ['broken'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      },
    ])
  })

  test.each([
    ['{ book(id: 1) { title', undefined, 'GRAPHQL_PARSE_FAILED'],
    ['{ book(id: 1) { isbn } }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'query A { books { totalCount } } query B { books { totalCount } }',
      undefined,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['query ($id: ID!) { book(id: $id) { title } }', {}, 'BAD_USER_INPUT'],
    ['{ book(id: "x") { title } }', undefined, 'BAD_USER_INPUT'],
    ['{ book(id: "2147483648") { title } }', undefined, 'BAD_USER_INPUT'],
    ['{ books(first: 101) { totalCount } }', undefined, 'BAD_USER_INPUT'],
    ['{ books(after: "AAAA") { totalCount } }', undefined, 'BAD_USER_INPUT'],
  ])('%s', async (query, variables, code) => {
    const { errors } = await executeOn(shelf, { query, variables })
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual([code])
  })

  test('null in a place that must not be null takes its nearest nullable parent', async () => {
    const { data, errors } = await executeOn(shelf, {
      query:
        '{ faulty { books { title } } fine: book(id: 1) { title } nested: faulty { deep { books { title } } } }',
    })
    expect(data).toEqual({ faulty: null, fine: { title: 'Amber' }, nested: { deep: null } })
    const places = errors?.map(({ path, extensions }) => `${path?.join('.')} ${extensions.code}`)
    expect(places?.sort()).toEqual([
      'faulty.books.1.title INTERNAL_SERVER_ERROR',
      'nested.deep.books.1.title INTERNAL_SERVER_ERROR',
    ])
  })
})
