import type { Connection } from '@movieverse/kit/graphql/connection'
import type { MovieResult } from './movies.ts'
import type { MovieConnection, MoviePayload, Movie as MovieType } from './schema.ts'
import type { Movie } from './store.ts'

/** A film as clients see it. */
export function toMovieType({ keys, genreIds, ratings: _ratings, ...movie }: Movie): MovieType {
  return { ...movie, popularity: keys.popularity, genres: genreIds.map((id) => ({ id })) }
}

export function toConnectionType(connection: Connection<Movie>): MovieConnection {
  return {
    ...connection,
    edges: connection.edges.map(({ cursor, node }) => ({ cursor, node: toMovieType(node) })),
  }
}

/** With faults nothing was changed; of a conflict the payload shows the film as it is. */
export function toPayload({ movie, faults }: MovieResult): MoviePayload {
  return { movie: movie && toMovieType(movie), errors: faults }
}
