import { buildFederatedSchema } from '@movieverse/kit/graphql/build'
import { referenceId } from '@movieverse/kit/graphql/ids'
import type { Background, EntityReader, Subgraph } from '@movieverse/kit/subgraph'
import { tracedStore } from '@movieverse/kit/telemetry'
import { createConsumers } from './events.ts'
import { createKnownMovies } from './known-movies.ts'
import { createLoaders } from './loaders.ts'
import { MovieResolver, ReviewResolver, UserResolver } from './resolvers.ts'
import { createReviews } from './reviews.ts'
import { subscriptionSdl } from './schema.ts'
import { toReviewType } from './shapes.ts'
import type { ReviewStore } from './store.ts'

export interface ReviewsDependencies {
  readonly store: ReviewStore
  /** Asks the films' owner for those that no event has told of yet. */
  readonly entities: EntityReader
  /** The outbox relay, and whatever else of the host lives and dies with the subgraph. */
  readonly background?: readonly Background[]
  /** Further dependencies for `/readyz`. */
  readonly checks?: Subgraph['checks']
}

/** Reviews, ratings and their counters. */
export function createReviewsSubgraph(dependencies: ReviewsDependencies): Subgraph {
  const { entities, background = [], checks = {} } = dependencies
  const store = tracedStore('reviews', dependencies.store)
  const movies = createKnownMovies({ store, entities })
  const loaders = createLoaders(store)
  const parts = { reviews: createReviews({ store, movies }), loaders }
  return {
    name: 'reviews',
    schema: buildFederatedSchema({
      resolvers: [new ReviewResolver(parts), new MovieResolver(parts), new UserResolver(parts)],
      references: {
        async Review(reference, context) {
          const id = referenceId(reference)
          const review = id === null ? null : await loaders.review(id, context)
          return review && toReviewType(review)
        },
        Movie: (reference) => withId(referenceId(reference)),
        User: (reference) => withId(referenceId(reference)),
      },
      imports: ['@composeDirective'],
      extraSdl: subscriptionSdl,
    }),
    consumers: createConsumers({ store, movies }),
    workers: [],
    checks: { database: () => store.ping(), ...checks },
    background,
    close: () => store.close(),
  }
}

/** Films and members are others': what is said of them here needs no more than their id. */
function withId(id: number | null): { readonly id: number } | null {
  return id === null ? null : { id }
}
