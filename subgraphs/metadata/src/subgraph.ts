import type { EventBus } from '@movieverse/kit/bus/bus'
import { buildFederatedSchema, type Reference } from '@movieverse/kit/graphql/build'
import { referenceId } from '@movieverse/kit/graphql/ids'
import type { EntityReader, Subgraph } from '@movieverse/kit/subgraph'
import { tracedStore } from '@movieverse/kit/telemetry'
import { createMovieConsumer } from './events.ts'
import { loadersOf } from './loaders.ts'
import { createAnalyses } from './metadata/analyses.ts'
import { createCredits } from './metadata/credits.ts'
import { createGenres } from './metadata/genres.ts'
import { createMetadataImporter, type MetadataImporter } from './metadata/importer.ts'
import { createPeople } from './metadata/people.ts'
import { createGenreResolver } from './resolvers/genres.ts'
import { createAnalysisResolver, createMovieResolver } from './resolvers/movies.ts'
import { createPersonResolver } from './resolvers/people.ts'
import type { MetadataEngine } from './store.ts'

export interface MetadataSubgraphDeps {
  readonly engine: MetadataEngine
  readonly bus: EventBus
  readonly entities: EntityReader
}

/** Genres, people, credits and analyses, and the way in for bulk loads. */
export interface MetadataSubgraph extends Subgraph {
  readonly importer: MetadataImporter
}

export function createMetadataSubgraph({ engine, bus, entities }: MetadataSubgraphDeps): MetadataSubgraph {
  const store = tracedStore('metadata', engine.store)
  const relay = engine.relay(bus)
  const parts = {
    store,
    genres: createGenres({ store }),
    people: createPeople({ store }),
    credits: createCredits({ store }),
    analyses: createAnalyses({ store }),
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
    importer: createMetadataImporter({ store }),
    consumers: [createMovieConsumer({ store, entities })],
    workers: [],
    checks: { store: () => store.ping(), outbox: () => relay.check() },
    background: [relay],
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
