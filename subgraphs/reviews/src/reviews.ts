import { isAdmin, type Viewer } from '@movieverse/kit/viewer'
import { reviewCreated, reviewDeleted, reviewHelpful, reviewUpdated } from './events.ts'
import type { KnownMovies } from './known-movies.ts'
import { cleanText, type InputFault, ratingFault, textFault } from './review-input.ts'
import type { Review, ReviewStore } from './store.ts'

/** Why nothing was changed, in the words of the payload's error. */
export interface ReviewFault {
  readonly code: 'INVALID_VALUE' | 'NOT_FOUND' | 'FORBIDDEN' | 'ALREADY_EXISTS'
  readonly message: string
  /** The input's field at fault. */
  readonly field?: string
}

/** What a write led to. With faults nothing was changed; `review` then is the one that stood in the way, if any. */
export interface ReviewResult {
  readonly review: Review | null
  readonly faults: readonly ReviewFault[]
}

export interface Reviews {
  /** One per author and film: the second is refused with the first. */
  create(
    viewer: Viewer,
    input: { readonly movieId: number; readonly rating: number; readonly text?: string | null },
  ): Promise<ReviewResult>
  /** Only its author and administrators may; absent fields stay, a null text is taken away. */
  update(
    viewer: Viewer,
    input: { readonly id: number; readonly rating?: number | null; readonly text?: string | null },
  ): Promise<ReviewResult>
  delete(viewer: Viewer, id: number): Promise<ReviewResult>
  /** One mark per member and review, none for one's own; setting it twice changes nothing. */
  setHelpful(
    viewer: Viewer,
    input: { readonly reviewId: number; readonly helpful: boolean },
  ): Promise<ReviewResult>
}

const refused = (fault: ReviewFault, review: Review | null = null): ReviewResult => ({
  review,
  faults: [fault],
})
const invalid = (faults: readonly InputFault[]): ReviewResult => ({
  review: null,
  faults: faults.map((fault) => ({ code: 'INVALID_VALUE', ...fault })),
})
const noReview = (field: string) => refused({ code: 'NOT_FOUND', message: 'There is no such review.', field })
const noMovie = () => refused({ code: 'NOT_FOUND', message: 'There is no such film.', field: 'movieId' })
const erased = () => refused({ code: 'FORBIDDEN', message: 'This account was erased.' })
const notYours = () =>
  refused({ code: 'FORBIDDEN', message: "Only a review's author can do this.", field: 'id' })

const isPresent = <T>(value: T | null): value is T => value !== null

export function createReviews(deps: {
  readonly store: ReviewStore
  readonly movies: KnownMovies
  readonly now?: () => Date
}): Reviews {
  const { store, movies, now = () => new Date() } = deps
  const mayChange = (viewer: Viewer, review: Review) => review.userId === viewer.userId || isAdmin(viewer)

  async function find(id: number): Promise<Review | undefined> {
    return (await store.byIds([id]))[0]
  }

  return {
    async create(viewer, { movieId, rating, text: given }) {
      const text = cleanText(given)
      const faults = [ratingFault(rating), textFault(text)].filter(isPresent)
      if (faults.length > 0) return invalid(faults)
      if (!(await movies.exists(movieId))) return noMovie()
      const review = { userId: viewer.userId, movieId, rating, text, createdAt: now() }
      for (;;) {
        const outcome = await store.create(review, (created) => [reviewCreated(created)])
        if (outcome.kind === 'created') return { review: outcome.review, faults: [] }
        if (outcome.kind === 'unknown-movie') return noMovie()
        if (outcome.kind === 'erased') return erased()
        const [first] = await store.byAuthor(viewer.userId, [movieId])
        // Deleted between the two statements: there is room for this one after all.
        if (!first) continue
        const message = 'You have reviewed this film already.'
        return refused({ code: 'ALREADY_EXISTS', message, field: 'movieId' }, first)
      }
    },

    async update(viewer, input) {
      const present = await find(input.id)
      if (!present) return noReview('id')
      if (!mayChange(viewer, present)) return notYours()
      const text = input.text === undefined ? undefined : cleanText(input.text)
      const faults = [
        input.rating === undefined ? null : ratingFault(input.rating),
        text === undefined ? null : textFault(text),
      ].filter(isPresent)
      if (faults.length > 0) return invalid(faults)
      const review = await store.update(
        input.id,
        (before) => {
          const rating = input.rating ?? before.rating
          const after = { rating, text: text === undefined ? before.text : text }
          return after.rating === before.rating && after.text === before.text ? null : after
        },
        ({ before, after }) => [reviewUpdated(before, after)],
      )
      return review ? { review, faults: [] } : noReview('id')
    },

    async delete(viewer, id) {
      const present = await find(id)
      if (!present) return noReview('id')
      if (!mayChange(viewer, present)) return notYours()
      const review = await store.delete(id, (deleted) => [reviewDeleted(deleted)])
      return review ? { review, faults: [] } : noReview('id')
    },

    async setHelpful(viewer, { reviewId, helpful }) {
      const present = await find(reviewId)
      if (!present) return noReview('reviewId')
      if (present.userId === viewer.userId) {
        const message = 'Your own review is not yours to find helpful.'
        return refused({ code: 'FORBIDDEN', message, field: 'reviewId' })
      }
      const mark = { reviewId, userId: viewer.userId, helpful }
      const outcome = await store.setHelpful(mark, (review) => [reviewHelpful(review)])
      if (outcome.kind === 'gone') return noReview('reviewId')
      if (outcome.kind === 'erased') return erased()
      return { review: outcome.review, faults: [] }
    },
  }
}
