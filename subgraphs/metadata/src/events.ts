import type { BusEvent, EventConsumer } from '@movieverse/kit/bus/bus'
import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'
import type { EntityReader } from '@movieverse/kit/subgraph'
import { checkEvent, type EventOrigin } from '@movieverse/schema/events/contract'
import type { Analysis, FilmCredits, Genre, ImportedBatch, MetadataStore, Person, Tell } from './store.ts'

const topic = 'movieverse.metadata'
const moviesTopic = 'movieverse.movies'

/** What each saved document tells. */
export const told = {
  genre: ({ id, version }: Genre): OutgoingEvent[] => [
    { topic, key: id, data: { type: 'genre_saved', genre_id: id, version } },
  ],
  person: ({ id, version }: Person): OutgoingEvent[] => [
    { topic, key: id, data: { type: 'person_saved', person_id: id, version } },
  ],
  credits: ({ movieId, version }: FilmCredits): OutgoingEvent[] => [
    { topic, key: movieId, data: { type: 'credits_saved', movie_id: movieId, version } },
  ],
  analysis: ({ movieId, version }: Analysis): OutgoingEvent[] => [
    { topic, key: movieId, data: { type: 'analysis_saved', movie_id: movieId, version } },
  ],
}

/** What a batch of a bulk load tells: keyed by its first id, so that batches spread. */
export function toldOfImport(
  type: 'genres_imported' | 'people_imported' | 'credits_imported',
  origin: EventOrigin,
): Tell<ImportedBatch> {
  return ({ firstId, lastId, count }) => [
    { topic, key: firstId, origin, data: { type, first_id: firstId, last_id: lastId, count } },
  ]
}

/** Entities that the films' owner is asked for at once. */
const slice = 1000

/**
 * Keeps the projection of the films that there are. Each event makes it read the films' present state from their owner,
 * so that the order and the number of deliveries don't matter.
 */
export function createMovieConsumer(deps: {
  readonly store: MetadataStore
  readonly entities: EntityReader
}): EventConsumer {
  const { store, entities } = deps

  async function refresh(ids: readonly number[]): Promise<void> {
    const found = await entities.read<{ id: string }>('movies', 'Movie', ids, 'id')
    const gone = ids.filter((_, index) => !found[index])
    await store.saveMovies({ known: ids.filter((_, index) => found[index]), gone })
  }

  return {
    group: 'metadata',
    topics: [moviesTopic],
    async handle(event: BusEvent, signal: AbortSignal) {
      const data = checkEvent(moviesTopic, event.data)
      if (data.type !== 'movies_imported') return refresh([data.movie_id])
      for (let first = data.first_id; first <= data.last_id; first += slice) {
        signal.throwIfAborted()
        await refresh(range(first, Math.min(first + slice - 1, data.last_id)))
      }
    },
  }
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
