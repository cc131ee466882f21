import type { EventConsumer } from '@movieverse/kit/bus/bus'
import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'
import { checkEvent, type EventOrigin } from '@movieverse/schema/events/contract'
import type { KnownMovies } from './known-movies.ts'
import type { ImportedBatch, Review, ReviewStore } from './store.ts'

const topic = 'movieverse.reviews'

/** What every event of a review says; keyed by film, so that one film's reviews keep their order. */
function facts(review: Review) {
  return {
    review_id: review.id,
    user_id: review.userId,
    movie_id: review.movieId,
    rating: review.rating,
    version: review.version,
  }
}

export function reviewCreated(review: Review): OutgoingEvent {
  return { topic, key: review.movieId, data: { type: 'review_created', ...facts(review) } }
}

export function reviewUpdated(before: Review, after: Review): OutgoingEvent {
  return {
    topic,
    key: after.movieId,
    data: { type: 'review_updated', ...facts(after), previous_rating: before.rating },
  }
}

export function reviewDeleted(review: Review): OutgoingEvent {
  return { topic, key: review.movieId, data: { type: 'review_deleted', ...facts(review) } }
}

export function reviewHelpful(review: Review): OutgoingEvent {
  return {
    topic,
    key: review.movieId,
    data: {
      type: 'review_helpful',
      review_id: review.id,
      helpful_count: review.helpfulCount,
      version: review.version,
    },
  }
}

/** A batch is about many films: its key is its first review, so that batches spread. */
export function reviewsImported(batch: ImportedBatch, origin: EventOrigin): OutgoingEvent {
  return {
    topic,
    key: batch.firstId,
    origin,
    data: {
      type: 'reviews_imported',
      first_id: batch.firstId,
      last_id: batch.lastId,
      count: batch.count,
    },
  }
}

/** Reviews and marks of an erased member that go in one transaction. */
const erasedAtOnce = 200

/**
 * What this service does with the events of others. Both read or reach a present state, so that events told twice,
 * late or out of order do no harm.
 */
export function createConsumers(deps: {
  readonly store: ReviewStore
  readonly movies: KnownMovies
}): readonly EventConsumer[] {
  const { store, movies } = deps
  return [
    {
      group: 'reviews.movies',
      topics: ['movieverse.movies'],
      async handle({ data }) {
        const event = checkEvent('movieverse.movies', data)
        if (event.type === 'movies_imported') {
          await movies.refreshLoad({ first: event.first_id, last: event.last_id, count: event.count })
        } else {
          await movies.refresh([event.movie_id])
        }
      },
    },
    {
      group: 'reviews.accounts',
      topics: ['movieverse.accounts'],
      async handle({ data }, signal) {
        const event = checkEvent('movieverse.accounts', data)
        if (event.type === 'user_erased') await erase(store, event.user_id, signal)
      },
    },
  ]
}

/** Refuses the member from now on, then deletes what they wrote, batch by batch. Idempotent; aborted, it goes on later. */
async function erase(store: ReviewStore, userId: number, signal: AbortSignal): Promise<void> {
  await store.refuseMember(userId)
  const tell = {
    deleted: (review: Review) => [reviewDeleted(review)],
    unmarked: (review: Review) => [reviewHelpful(review)],
  }
  while ((await store.eraseSome(userId, erasedAtOnce, tell)) > 0) signal.throwIfAborted()
}
