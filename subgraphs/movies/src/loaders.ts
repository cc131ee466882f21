import type { SubgraphContext } from '@movieverse/kit/context'
import { badUserInput } from '@movieverse/kit/errors'
import {
  type Connection,
  type CursorShape,
  type Page,
  type PageOrder,
  readPage,
  toConnection,
} from '@movieverse/kit/graphql/connection'
import DataLoader from 'dataloader'
import type { Movie, MovieFilter, MovieOrder, MoviePosition, MovieStore } from './store.ts'

interface PageWish {
  readonly orderBy: MovieOrder
  readonly first?: number | null
  readonly after?: string | null
}

/** Reads of one request, gathered: however many entities ask, each kind is one statement. */
export interface Loaders {
  movie(id: number, context: SubgraphContext): Promise<Movie | null>
  /** @throws GraphQLError BAD_USER_INPUT for a page that cannot be */
  page(filter: MovieFilter, wish: PageWish): Promise<Connection<Movie>>
  /** @throws GraphQLError BAD_USER_INPUT for a page that cannot be */
  pageOfGenre(genreId: number, wish: PageWish, context: SubgraphContext): Promise<Connection<Movie>>
}

const byId = Symbol('films by id')
const pagesByGenre = Symbol('pages of films by genre')
const countByGenre = Symbol('counts of films by genre')

const keyOf: Readonly<Record<MovieOrder, (movie: Movie) => number | string>> = {
  POPULARITY: ({ keys }) => keys.popularity,
  RATING: ({ keys }) => keys.ratingScore,
  NEWEST: ({ keys }) => keys.newestKey,
  OLDEST: ({ keys }) => keys.oldestKey,
  TITLE: ({ keys }) => keys.titleKey,
}
const shapes: Readonly<Record<MovieOrder, CursorShape>> = {
  POPULARITY: ['number', 'integer'],
  RATING: ['number', 'integer'],
  NEWEST: ['integer', 'integer'],
  OLDEST: ['integer', 'integer'],
  TITLE: ['string', 'integer'],
}
/** Numbers beyond this are no film's. */
const largestInteger = 2_147_483_647

function orderOf(name: MovieOrder): PageOrder<Movie> {
  return { name, shape: shapes[name], keyOf: (movie) => [keyOf[name](movie), movie.id] }
}

export function createLoaders(store: MovieStore): Loaders {
  function genrePages(order: MovieOrder, page: Page, context: SubgraphContext) {
    const lists = context.once(pagesByGenre, () => new Map<string, DataLoader<number, readonly Movie[]>>())
    const same = JSON.stringify([order, page.limit, page.after])
    const list =
      lists.get(same) ??
      loader(async (ids) => {
        const found = await store.pagesOfGenres(ids, { order, after: positionOf(page), limit: page.limit })
        return ids.map((id) => found.get(id) ?? [])
      })
    lists.set(same, list)
    return list
  }

  return {
    movie: (id, context) =>
      context
        .once(byId, () =>
          loader(async (ids) => {
            const movies = new Map((await store.byIds(ids)).map((movie) => [movie.id, movie]))
            return ids.map((each) => movies.get(each) ?? null)
          }),
        )
        .load(id),

    async page(filter, { orderBy, ...args }) {
      const order = orderOf(orderBy)
      const page = readPage(args, order)
      const movies = await store.page(filter, {
        order: orderBy,
        after: positionOf(page),
        limit: page.limit,
      })
      return toConnection(movies, page, order, () => store.count(filter))
    },

    async pageOfGenre(genreId, { orderBy, ...args }, context) {
      const order = orderOf(orderBy)
      const page = readPage(args, order)
      const movies = await genrePages(orderBy, page, context).load(genreId)
      return toConnection(movies, page, order, () =>
        context
          .once(countByGenre, () =>
            loader(async (ids) => {
              const counts = await store.countsOfGenres(ids)
              return ids.map((id) => counts.get(id) ?? 0)
            }),
          )
          .load(genreId),
      )
    },
  }
}

/** Gathers and does not remember: the second mutation of a request reads what it has changed. */
function loader<T>(read: (ids: readonly number[]) => Promise<readonly T[]>): DataLoader<number, T> {
  return new DataLoader<number, T>(read, { cache: false })
}

/** @throws GraphQLError BAD_USER_INPUT for a cursor with keys that no film has */
function positionOf({ after }: Page): MoviePosition | undefined {
  if (!after) return undefined
  const [key, id] = [after[0], Number(after[1])]
  const fits = typeof key === 'string' || (typeof key === 'number' && key >= 0 && key <= largestInteger)
  if (!fits || id < 0 || id > largestInteger) throw badUserInput('after is not a cursor.', 'after')
  return { key, id }
}
