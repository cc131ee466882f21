import type { SubgraphContext } from '@movieverse/kit/context'
import { badUserInput } from '@movieverse/kit/errors'
import {
  type Connection,
  type Page,
  type PageOrder,
  readPage,
  toConnection,
} from '@movieverse/kit/graphql/connection'
import DataLoader from 'dataloader'
import type { RatingCounts, Review, ReviewOrder, ReviewPosition, ReviewStore } from './store.ts'

type Key = 'movie' | 'user'

/** Reads of one request, gathered: however many entities ask, each kind is one statement. */
export interface Loaders {
  review(id: number, context: SubgraphContext): Promise<Review | null>
  /** The viewer's own review of a film. */
  own(viewerId: number, movieId: number, context: SubgraphContext): Promise<Review | null>
  rating(movieId: number, context: SubgraphContext): Promise<RatingCounts>
  reviewCount(userId: number, context: SubgraphContext): Promise<number>
  /** @throws GraphQLError BAD_USER_INPUT for a page that cannot be */
  page(list: ReviewList, context: SubgraphContext): Promise<Connection<Review>>
}

export interface ReviewList {
  readonly of: Key
  readonly id: number
  readonly orderBy: ReviewOrder
  readonly first?: number | null
  readonly after?: string | null
}

const byId = Symbol('reviews by id')
const ownByMovie = Symbol("the viewer's reviews by film")
const ratingByMovie = Symbol('ratings by film')
const countByUser = Symbol('counts of reviews by author')
const pagesByParent = Symbol('pages of reviews by parent')

const noRatings: RatingCounts = { count: 0, halfStars: 0, steps: Array<number>(10).fill(0) }

const keyOf: Readonly<Record<ReviewOrder, (review: Review) => number>> = {
  NEWEST: ({ createdAt }) => createdAt.getTime(),
  OLDEST: ({ createdAt }) => createdAt.getTime(),
  HIGHEST: ({ rating }) => rating * 2,
  LOWEST: ({ rating }) => rating * 2,
  HELPFUL: ({ helpfulCount }) => helpfulCount,
}
/** Keys beyond these are nobody's: the largest integer of the store, the last moment of the year 9999. */
const largestInteger = 2_147_483_647
const lastMoment = Date.UTC(10_000, 0, 1) - 1

function orderOf(name: ReviewOrder): PageOrder<Review> {
  return { name, shape: ['integer', 'integer'], keyOf: (review) => [keyOf[name](review), review.id] }
}

export function createLoaders(store: ReviewStore): Loaders {
  const rating: Loaders['rating'] = (movieId, context) =>
    context
      .once(ratingByMovie, () =>
        loader(async (ids) => {
          const ratings = await store.ratings(ids)
          return ids.map((id) => ratings.get(id) ?? noRatings)
        }),
      )
      .load(movieId)

  const reviewCount: Loaders['reviewCount'] = (userId, context) =>
    context
      .once(countByUser, () =>
        loader(async (ids) => {
          const counts = await store.reviewCounts(ids)
          return ids.map((id) => counts.get(id) ?? 0)
        }),
      )
      .load(userId)

  function pages(of: Key, order: ReviewOrder, page: Page, context: SubgraphContext) {
    const lists = context.once(pagesByParent, () => new Map<string, DataLoader<number, readonly Review[]>>())
    const same = JSON.stringify([of, order, page.limit, page.after])
    const list =
      lists.get(same) ??
      loader(async (ids) => {
        const found = await store.pages({ of, ids, order, after: positionOf(page, order), limit: page.limit })
        return ids.map((id) => found.get(id) ?? [])
      })
    lists.set(same, list)
    return list
  }

  return {
    review: (id, context) =>
      context
        .once(byId, () =>
          loader(async (ids) => {
            const reviews = new Map((await store.byIds(ids)).map((review) => [review.id, review]))
            return ids.map((each) => reviews.get(each) ?? null)
          }),
        )
        .load(id),

    // A request has one viewer.
    own: (viewerId, movieId, context) =>
      context
        .once(ownByMovie, () =>
          loader(async (movieIds) => {
            const own = await store.byAuthor(viewerId, movieIds)
            const reviews = new Map(own.map((review) => [review.movieId, review]))
            return movieIds.map((each) => reviews.get(each) ?? null)
          }),
        )
        .load(movieId),

    rating,
    reviewCount,

    async page({ of, id, orderBy, ...args }, context) {
      const order = orderOf(orderBy)
      const page = readPage(args, order)
      const reviews = await pages(of, orderBy, page, context).load(id)
      return toConnection(reviews, page, order, async () =>
        of === 'movie' ? (await rating(id, context)).count : reviewCount(id, context),
      )
    },
  }
}

/** Gathers and does not remember: the second mutation of a request reads what it has changed. */
function loader<T>(read: (ids: readonly number[]) => Promise<readonly T[]>): DataLoader<number, T> {
  return new DataLoader<number, T>(read, { cache: false })
}

/** @throws GraphQLError BAD_USER_INPUT for a cursor with keys that no review has */
function positionOf({ after }: Page, order: ReviewOrder): ReviewPosition | undefined {
  if (!after) return undefined
  const [key, id] = [Number(after[0]), Number(after[1])]
  const largest = order === 'NEWEST' || order === 'OLDEST' ? lastMoment : largestInteger
  if (key < 0 || key > largest || id < 0 || id > largestInteger) {
    throw badUserInput('after is not a cursor.', 'after')
  }
  return { key, id }
}
