import type { EventConsumer } from '@movieverse/kit/bus/bus'
import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'
import { checkEvent, type EventOrigin } from '@movieverse/schema/events/contract'
import type { Genres } from './genres.ts'
import type { Ratings } from './ratings.ts'
import type { Movie } from './store.ts'

const topic = 'movieverse.movies'

const facts = ({ id, title, version }: Movie) => ({ movie_id: id, title, version })

export function movieCreated(movie: Movie): OutgoingEvent {
  return { topic, key: movie.id, data: { type: 'movie_created', ...facts(movie) } }
}

export function movieUpdated(movie: Movie): OutgoingEvent {
  return { topic, key: movie.id, data: { type: 'movie_updated', ...facts(movie) } }
}

/**
 * Tells of a load's batch. Its key is its first film, so that batches spread.
 * @param ids those that were written, at most 1,000; the range may hold films that were not
 */
export function moviesImported(ids: readonly number[], origin: EventOrigin): OutgoingEvent {
  const [first, last] = [Math.min(...ids), Math.max(...ids)]
  return {
    topic,
    key: first,
    origin,
    data: { type: 'movies_imported', first_id: first, last_id: last, count: ids.length },
  }
}

/**
 * What this service does with the events of others: both read the present state from its owner, so that events told
 * twice, late or out of order do no harm.
 */
export function createConsumers(deps: {
  readonly genres: Genres
  readonly ratings: Ratings
}): readonly EventConsumer[] {
  const { genres, ratings } = deps
  return [
    {
      group: 'movies.genres',
      topics: ['movieverse.metadata'],
      async handle({ data }) {
        const event = checkEvent('movieverse.metadata', data)
        if (event.type === 'genre_saved') await genres.refresh([event.genre_id])
        if (event.type === 'genres_imported') await genres.refreshRange(event.first_id, event.last_id)
      },
    },
    {
      group: 'movies.ratings',
      topics: ['movieverse.reviews'],
      async handle({ data }) {
        const event = checkEvent('movieverse.reviews', data)
        if (event.type === 'reviews_imported') {
          await ratings.refreshReviewed(event.first_id, event.last_id)
        } else if (event.type !== 'review_helpful') {
          await ratings.refresh([event.movie_id])
        }
      },
    },
  ]
}
