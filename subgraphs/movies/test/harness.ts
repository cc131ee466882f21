import type { BusEvent } from '@movieverse/kit/bus/bus'
import type { EntityReader } from '@movieverse/kit/subgraph'
import type { SqlEngine } from '@movieverse/kit/testing/database'
import { executeOn, type JsonData, type TestRequest } from '@movieverse/kit/testing/execute'
import type { Role, Viewer } from '@movieverse/kit/viewer'
import { createMovieImporter } from '../src/import.ts'
import { createMoviesSubgraph } from '../src/subgraph.ts'
import { openTestEngine } from './engine.ts'

export type MoviesHarness = Awaited<ReturnType<typeof openMovies>>

/** The owners of genres and of reviews, with what they have now; they can be down. */
export function createNeighbours() {
  const neighbours = {
    genres: new Set<number>(),
    /** The stars given to each film. */
    ratings: new Map<number, number[]>(),
    /** The film of each review. */
    reviews: new Map<number, number>(),
    down: false,
    asked: [] as string[],
  }
  function entity(subgraph: string, typename: string, id: number): unknown {
    if (subgraph === 'metadata') return neighbours.genres.has(id) ? { id: String(id) } : null
    if (typename === 'Review') {
      const movieId = neighbours.reviews.get(id)
      return movieId === undefined ? null : { movie: { id: String(movieId) } }
    }
    const stars = neighbours.ratings.get(id) ?? []
    const sum = stars.reduce((total, each) => total + each, 0)
    return { rating: { average: stars.length === 0 ? null : sum / stars.length, count: stars.length } }
  }
  const entities: EntityReader = {
    async read<T>(subgraph: string, typename: string, ids: readonly (number | string)[]) {
      neighbours.asked.push(`${typename} × ${ids.length}`)
      if (neighbours.down) throw new Error(`${subgraph} does not answer`)
      return ids.map((id) => entity(subgraph, typename, Number(id)) as T | null)
    },
  }
  return { neighbours, entities }
}

/** Films on a database of its own. */
export async function openMovies(on: SqlEngine = 'postgres') {
  const statements: string[] = []
  const engine = await openTestEngine(on, (sql) => statements.push(sql))
  const { store, told } = engine
  const { neighbours, entities } = createNeighbours()
  const movies = createMoviesSubgraph({ store, entities })
  const ask = (query: string, variables: JsonData = {}, viewer: Viewer | null = null, who: Who = {}) =>
    executeOn(movies, { query, variables, viewer, ...who })
  let nextEvent = 0

  return {
    movies,
    store,
    neighbours,
    statements,
    ask,
    importer: createMovieImporter({ store }),
    /** Adds a film as an administrator and answers the payload. */
    async create(input: JsonData): Promise<MovieAnswer> {
      const { data, errors } = await ask(CREATE, { input }, admin)
      if (!data?.createMovie) throw new Error(JSON.stringify(errors))
      return data.createMovie as MovieAnswer
    },
    async update(input: JsonData): Promise<MovieAnswer> {
      const { data, errors } = await ask(UPDATE, { input }, admin)
      if (!data?.updateMovie) throw new Error(JSON.stringify(errors))
      return data.updateMovie as MovieAnswer
    },
    entities: (typename: 'Movie' | 'Genre', ids: readonly number[], selection: string, viewer?: Viewer) =>
      ask(
        `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${typename} { ${selection} } } }`,
        { representations: ids.map((id) => ({ __typename: typename, id: String(id) })) },
        viewer,
      ),
    /** Titles of a page of films. */
    async titles(args: string): Promise<string[]> {
      const { data, errors } = await ask(`{ movies(${args}) { edges { node { title } } } }`)
      if (!data) throw new Error(JSON.stringify(errors))
      return (data.movies as { edges: { node: { title: string } }[] }).edges.map(({ node }) => node.title)
    },
    /** Events told so far, oldest first. */
    told,
    /** Hands an event to the consumers of its topic, as the bus does. */
    async deliver(topic: string, data: JsonData) {
      nextEvent += 1
      const event: BusEvent = {
        id: `event-${nextEvent}`,
        source: 'test',
        topic,
        key: '1',
        type: String(data.type),
        time: new Date(),
        origin: 'user',
        data,
      }
      for (const consumer of movies.consumers.filter(({ topics }) => topics.includes(topic))) {
        await consumer.handle(event, new AbortController().signal)
      }
    },
    async close() {
      await movies.close()
      await engine.drop()
    },
  }
}

type Who = Partial<Pick<TestRequest, 'service'>>

export interface MovieAnswer {
  readonly movie: (JsonData & { readonly id: string; readonly version: number }) | null
  readonly errors: readonly { code: string; message: string; field: readonly string[] | null }[]
}

export const member = (userId: number, ...roles: Role[]): Viewer => ({
  userId,
  username: `member${userId}`,
  roles: ['user', ...roles],
  sessionId: `session-${userId}`,
})
export const admin = member(1, 'admin')

export const FACTS = `id tmdbId imdbId title originalTitle alternativeTitles overview tagline releaseDate year runtime
  genres { id } originalLanguage countries posterUrl popularity voteCount voteAverage version updatedAt`
const PAYLOAD = `movie { ${FACTS} } errors { code message field }`
export const CREATE = `mutation ($input: CreateMovieInput!) { createMovie(input: $input) { ${PAYLOAD} } }`
export const UPDATE = `mutation ($input: UpdateMovieInput!) { updateMovie(input: $input) { ${PAYLOAD} } }`
