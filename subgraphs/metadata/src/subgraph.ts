import { buildFederatedSchema, type Reference } from '@movieverse/kit/graphql/build'
import { referenceId } from '@movieverse/kit/graphql/ids'
import type { Log } from '@movieverse/kit/log'
import type { Background, EntityReader, Subgraph } from '@movieverse/kit/subgraph'
import { tracedStore } from '@movieverse/kit/telemetry'
import { createMovieConsumer } from './events.ts'
import { createFilms } from './films.ts'
import { loadersOf } from './loaders.ts'
import { createAnalyses } from './metadata/analyses.ts'
import { createCredits } from './metadata/credits.ts'
import { createGenres } from './metadata/genres.ts'
import { createPeople } from './metadata/people.ts'
import { createGenreResolver } from './resolvers/genres.ts'
import { createAnalysisResolver, createMovieResolver } from './resolvers/movies.ts'
import { createPersonResolver } from './resolvers/people.ts'
import type { MetadataStore } from './store.ts'

export interface MetadataDependencies {
  readonly store: MetadataStore
  /** Asks the films' owner which there are. */
  readonly entities: EntityReader
  readonly log: Log
  /** What runs beside: the outbox's relay. */
  readonly background?: readonly Background[]
  /** Further dependencies for `/readyz`. */
  readonly checks?: Subgraph['checks']
}

/** Genres, people, credits and analyses. */
export function createMetadataSubgraph(dependencies: MetadataDependencies): Subgraph {
  const { entities, log, background = [], checks = {} } = dependencies
  const store = tracedStore('metadata', dependencies.store)
  const films = createFilms({ store, entities, log })
  const parts = {
    store,
    genres: createGenres({ store }),
    people: createPeople({ store }),
    credits: createCredits({ store, films }),
    analyses: createAnalyses({ store, films }),
  }
  return {
    name: 'metadata',
    schema: buildFederatedSchema({
      resolvers: [
        createGenreResolver(parts),
        createPersonResolver(parts),
        createMovieResolver(parts),
        createAnalysisResolver(parts),
      ],
      references: {
        Genre: entity((id, context) => loadersOf(context, store).genre(id)),
        Person: entity((id, context) => loadersOf(context, store).person(id)),
        // Which films there are is their owner's to say: any has a cast here, if an empty one.
        Movie: entity((id) => ({ id })),
      },
    }),
    consumers: [createMovieConsumer(films)],
    workers: [],
    checks: { database: () => store.ping(), ...checks },
    background,
    close: () => store.close(),
  }
}

type Context = Parameters<typeof loadersOf>[0]

/** A reference resolver by id; a malformed id names nothing. */
function entity(find: (id: number, context: Context) => Promise<object | null> | object | null) {
  return (reference: Reference, context: Context) => {
    const id = referenceId({ id: reference.id })
    return id === null ? null : find(id, context)
  }
}
