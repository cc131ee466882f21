import { buildFederatedSchema } from '@movieverse/kit/graphql/build'
import { referenceId } from '@movieverse/kit/graphql/ids'
import type { Background, EntityReader, Subgraph } from '@movieverse/kit/subgraph'
import { tracedStore } from '@movieverse/kit/telemetry'
import { createConsumers } from './events.ts'
import { createGenres } from './genres.ts'
import { createLoaders } from './loaders.ts'
import { createMovies } from './movies.ts'
import { createRatings } from './ratings.ts'
import { GenreResolver, MovieResolver } from './resolvers.ts'
import { toMovieType } from './shapes.ts'
import type { MovieStore } from './store.ts'

export interface MoviesDependencies {
  readonly store: MovieStore
  /** Reads ratings from the reviews' owner and genres from metadata. */
  readonly entities: EntityReader
  /** The outbox relay, and whatever else of the host lives and dies with the subgraph. */
  readonly background?: readonly Background[]
  /** Further dependencies for `/readyz`. */
  readonly checks?: Subgraph['checks']
}

/** Films: what they are, how they are found and in which order. */
export function createMoviesSubgraph(dependencies: MoviesDependencies): Subgraph {
  const { entities, background = [], checks = {} } = dependencies
  const store = tracedStore('movies', dependencies.store)
  const genres = createGenres({ store, entities })
  const ratings = createRatings({ store, entities })
  const loaders = createLoaders(store)
  const parts = { store, loaders, movies: createMovies({ store, genres }) }
  return {
    name: 'movies',
    schema: buildFederatedSchema({
      resolvers: [new MovieResolver(parts), new GenreResolver(parts)],
      references: {
        async Movie(reference, context) {
          const id = referenceId(reference)
          const movie = id === null ? null : await loaders.movie(id, context)
          return movie && toMovieType(movie)
        },
        // Which genres there are is metadata's to say; one without films has an empty list here.
        Genre(reference) {
          const id = referenceId(reference)
          return id === null ? null : { id }
        },
      },
    }),
    consumers: createConsumers({ genres, ratings }),
    workers: [],
    checks: { database: () => store.ping(), ...checks },
    background,
    close: () => store.close(),
  }
}
