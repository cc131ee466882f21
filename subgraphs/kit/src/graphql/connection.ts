import 'reflect-metadata'
import { ArgsType, Directive, Field, Int, ObjectType } from 'type-graphql'
import { badUserInput } from '../errors.ts'
import { type CursorKey, type CursorShape, decodeCursor, encodeCursor } from './cursor.ts'

export type { CursorKey, CursorShape } from './cursor.ts'
export { encodeCursor } from './cursor.ts'

/** Where a page stands in its list; the same in every service (Relay connections). */
@Directive('@shareable')
@ObjectType('PageInfo', { simpleResolvers: true })
export class PageInfo {
  @Field(() => Boolean)
  hasNextPage: boolean

  @Field(() => Boolean)
  hasPreviousPage: boolean

  @Field(() => String, { nullable: true })
  startCursor: string | null

  @Field(() => String, { nullable: true })
  endCursor: string | null
}

/** `@Args(() => PageArgs)`; a list with further arguments extends it. */
@ArgsType()
export class PageArgs {
  @Field(() => Int, { nullable: true, defaultValue: 20 })
  first?: number | null

  @Field(() => String, { nullable: true })
  after?: string | null
}

/** The directive of every list that takes `first`, for the gateway's cost. */
export const listSize =
  '@listSize(slicingArguments: ["first"], sizedFields: ["edges"], requireOneSlicingArgument: false)'

/** Rows asked for at most. */
export const largestPage = 100
const defaultPage = 20

/** An order of a list: its name, and what its rows are ordered by, a unique key last. */
export interface PageOrder<Row> {
  readonly name: string
  readonly shape: CursorShape
  readonly keyOf: (row: Row) => CursorKey
}

/** A page to read. The store reads `limit` rows behind `after`: one more than the page has, to know whether there is a next. */
export interface Page {
  readonly first: number
  readonly limit: number
  /** Keys of the row that the page follows; null for the first page. */
  readonly after: CursorKey | null
}

/**
 * Checks the arguments of a list.
 * @throws GraphQLError BAD_USER_INPUT when `first` is not in 1–100 or `after` is no cursor of this order
 */
export function readPage(
  args: { readonly first?: number | null; readonly after?: string | null },
  order: { readonly name: string; readonly shape: CursorShape },
): Page {
  const first = args.first ?? defaultPage
  if (!Number.isInteger(first) || first < 1 || first > largestPage) {
    throw badUserInput(`first must be between 1 and ${largestPage}.`, 'first')
  }
  const after = args.after == null ? null : decodeCursor(args.after, order.name, order.shape)
  return { first, limit: first + 1, after }
}

export interface Edge<Row> {
  readonly cursor: string
  readonly node: Row
}

export interface Connection<Row, E extends Edge<Row> = Edge<Row>> {
  readonly edges: readonly E[]
  readonly pageInfo: PageInfo
  /** A function, so that it is counted only when it is selected. */
  readonly totalCount: () => Promise<number> | number
}

/**
 * The connection of a page.
 * @param rows up to `page.limit` rows behind `page.after`, in order
 */
export function toConnection<Row>(
  rows: readonly Row[],
  page: Page,
  order: PageOrder<Row>,
  totalCount: () => Promise<number> | number,
): Connection<Row> {
  const edges = rows
    .slice(0, page.first)
    .map((node) => ({ node, cursor: encodeCursor(order.name, order.keyOf(node)) }))
  return {
    edges,
    totalCount,
    pageInfo: {
      hasNextPage: rows.length > page.first,
      hasPreviousPage: page.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}
