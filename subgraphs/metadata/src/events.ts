import type { EventConsumer } from '@movieverse/kit/bus/bus'
import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'
import { checkEvent, type EventOrigin } from '@movieverse/schema/events/contract'
import type { Films } from './films.ts'
import type { Analysis, FilmCredits, Genre, ImportedBatch, Person, Tell } from './store.ts'

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

/**
 * Keeps the projection of the films that there are. Each event makes it read the films' present state from their owner,
 * so that the order and the number of deliveries don't matter.
 */
export function createMovieConsumer(films: Films): EventConsumer {
  return {
    group: 'metadata',
    topics: [moviesTopic],
    async handle(event) {
      const data = checkEvent(moviesTopic, event.data)
      if (data.type === 'movies_imported')
        await films.refreshGone({ first: data.first_id, last: data.last_id })
      else await films.refresh([data.movie_id])
    },
  }
}
