import 'reflect-metadata'
import { randomUUID } from 'node:crypto'
import type { SubgraphContext } from '@movieverse/kit/context'
import { requireViewer } from '@movieverse/kit/graphql/authorise'
import { buildFederatedSchema } from '@movieverse/kit/graphql/build'
import {
  type Connection,
  listSize,
  PageArgs,
  PageInfo,
  readPage,
  toConnection,
} from '@movieverse/kit/graphql/connection'
import { parseId, referenceId } from '@movieverse/kit/graphql/ids'
import { createContext, createLocalExecutor } from '@movieverse/kit/graphql/local'
import { CalendarDate, DateTime, URL } from '@movieverse/kit/graphql/scalars'
import { createUserErrorType } from '@movieverse/kit/graphql/user-error'
import { silentLog } from '@movieverse/kit/log'
import type { Subgraph } from '@movieverse/kit/subgraph'
import type { TestRequest, TestResult } from '@movieverse/kit/testing/execute'
import DataLoader from 'dataloader'
import {
  Arg,
  Args,
  ArgsType,
  Ctx,
  createUnionType,
  Directive,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
  registerEnumType,
} from 'type-graphql'

/** A small subgraph of books, which the kit's tests ask. */

enum BookOrder {
  TITLE = 'TITLE',
  NEWEST = 'NEWEST',
}
registerEnumType(BookOrder, { name: 'BookOrder' })
enum ErrorCode {
  INVALID_VALUE = 'INVALID_VALUE',
}
registerEnumType(ErrorCode, { name: 'ErrorCode' })
const UserError = createUserErrorType(ErrorCode)

@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true })
class Book {
  @Field(() => ID)
  id: number
  @Field(() => String)
  title: string
  @Field(() => CalendarDate, { nullable: true })
  published: string | null
  @Field(() => DateTime)
  addedAt: Date
  @Field(() => URL, { nullable: true })
  coverUrl: string | null
  @Directive('@authenticated')
  @Field(() => Int, { nullable: true })
  copies: number
  @Directive('@requiresScopes(scopes: [["admin"]])')
  @Field(() => Int, { nullable: true })
  price: number
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType({ simpleResolvers: true })
class Reader {
  @Field(() => ID)
  id: number
}

const Lent = createUnionType({
  name: 'Lent',
  types: () => [Book, Reader] as const,
  resolveType: (value) => ('title' in value ? Book : Reader),
})

@ObjectType({ simpleResolvers: true })
class BookEdge {
  @Field(() => String)
  cursor: string
  @Field(() => Book)
  node: Book
}

@ObjectType({ simpleResolvers: true })
class BookConnection {
  @Field(() => [BookEdge])
  edges: readonly BookEdge[]
  @Field(() => PageInfo)
  pageInfo: PageInfo
  @Field(() => Int)
  totalCount: () => number | Promise<number>
}

@ObjectType({ simpleResolvers: true })
class BookPayload {
  @Field(() => Book, { nullable: true })
  book: Book | null
  @Field(() => [UserError])
  errors: readonly InstanceType<typeof UserError>[]
}

@ObjectType({ simpleResolvers: true })
class Faulty {
  @Field(() => [Book])
  books: Promise<Book[]> | (() => Book[])
  @Field(() => Faulty, { nullable: true })
  deep?: Promise<Faulty>
}

@InputType()
class AddBookInput {
  @Field(() => String)
  title: string
  @Field(() => CalendarDate, { nullable: true })
  published?: string | null
  @Field(() => URL, { nullable: true })
  coverUrl?: string | null
}

@ArgsType()
class BookArgs extends PageArgs {
  @Field(() => BookOrder, { defaultValue: BookOrder.TITLE })
  orderBy: BookOrder
}

const addedAt = new Date('2026-01-02T03:04:05.678Z')
const rows: readonly Book[] = ['Amber', 'Birch', 'Cedar', 'Dune', 'Elm'].map((title, index) => ({
  id: index + 1,
  title,
  published: '1965-08-01',
  addedAt,
  coverUrl: null,
  copies: 3,
  price: 9,
}))

const orders = {
  [BookOrder.TITLE]: {
    name: 'TITLE',
    shape: ['string', 'integer'] as const,
    keyOf: (book: Book) => [book.title, book.id],
  },
  [BookOrder.NEWEST]: { name: 'NEWEST', shape: ['integer'] as const, keyOf: (book: Book) => [book.id] },
}

export interface Shelf extends Subgraph {
  /** Ids of each read of the store, and how often books were counted. */
  readonly reads: number[][]
  counted: number
}

/** Asks it by graphql-js alone, or by compiled queries. */
export function executeShelf(engine: 'interpreted' | 'compiled') {
  const compileAfter = engine === 'compiled' ? 0 : Number.POSITIVE_INFINITY
  return async <Data = Record<string, unknown>>(shelf: Shelf, request: TestRequest) => {
    const { viewer, service, ...operation } = request
    const execute = createLocalExecutor(shelf.schema, { log: silentLog, compileAfter })
    const context = createContext({ requestId: randomUUID(), viewer, service })
    return JSON.parse(JSON.stringify(await execute(operation, context))) as TestResult<Data>
  }
}

const byId = Symbol('books by id')

export function createShelf(): Shelf {
  const reads: number[][] = []

  @Resolver(() => Book)
  class BookResolver {
    @Query(() => Book, { nullable: true })
    book(@Arg('id', () => ID) id: string, @Ctx() context: SubgraphContext) {
      return load(context, parseId(id))
    }

    @Directive(listSize)
    @Query(() => BookConnection)
    books(@Args(() => BookArgs) args: BookArgs): Connection<Book> {
      const order = orders[args.orderBy]
      const page = readPage(args, order)
      const sorted = args.orderBy === BookOrder.NEWEST ? rows.toReversed() : rows
      const start = page.after ? sorted.findIndex((row) => row.id === page.after?.at(-1)) + 1 : 0
      return toConnection(sorted.slice(start, start + page.limit), page, order, () => {
        shelf.counted += 1
        return rows.length
      })
    }

    @Query(() => Lent, { nullable: true })
    lent(@Arg('id', () => ID) id: string) {
      return rows.find((row) => row.id === parseId(id)) ?? Object.assign(new Reader(), { id: parseId(id) })
    }

    @Query(() => String, { nullable: true })
    broken(): string {
      throw new Error('connection to postgresql://shelf:secret@db/books lost')
    }

    /** Its second book has no title, which every book must have. */
    @Query(() => Faulty, { nullable: true })
    faulty(): Faulty {
      const untitled: Partial<Book> = { ...rows[1], title: undefined }
      const books = [rows[0], untitled] as Book[]
      return { books: Promise.resolve(books), deep: Promise.resolve({ books: () => books }) }
    }

    @Query(() => Reader, { nullable: true })
    reader(@Ctx() context: SubgraphContext): Reader {
      return { id: requireViewer(context).userId }
    }

    @Directive('@authenticated')
    @Mutation(() => BookPayload)
    addBook(@Arg('input', () => AddBookInput) input: AddBookInput): BookPayload {
      if (input.title === '') {
        return {
          book: null,
          errors: [{ code: ErrorCode.INVALID_VALUE, message: 'A title is needed.', field: ['title'] }],
        }
      }
      const { title, published = null, coverUrl = null } = input
      return { book: { id: 9, title, published, coverUrl, addedAt, copies: 1, price: 1 }, errors: [] }
    }

    @FieldResolver(() => String, { nullable: true })
    async spine(@Root() book: Book): Promise<string> {
      return `${book.title} ${book.id}`
    }
  }

  function load(context: SubgraphContext, id: number): Promise<Book | null> {
    return context
      .once(
        byId,
        () =>
          new DataLoader<number, Book | null>(async (ids) => {
            reads.push([...ids])
            return ids.map((wanted) => rows.find((row) => row.id === wanted) ?? null)
          }),
      )
      .load(id)
  }

  const schema = buildFederatedSchema({
    resolvers: [new BookResolver()],
    references: {
      Book(reference, context) {
        const id = referenceId(reference)
        return id === null ? null : load(context, id)
      },
    },
    imports: ['@composeDirective'],
    extraSdl: `extend schema @link(url: "https://movieverse.example/events/v1.0", import: ["@eventSource"]) @composeDirective(name: "@eventSource")
      directive @eventSource(topic: String!) on FIELD_DEFINITION`,
  })
  const shelf: Shelf = {
    name: 'shelf',
    schema,
    consumers: [],
    workers: [],
    checks: {},
    background: [],
    close: async () => undefined,
    reads,
    counted: 0,
  }
  return shelf
}
