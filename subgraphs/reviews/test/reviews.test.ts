import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CREATE,
  DELETE,
  HELPFUL,
  member,
  openReviews,
  RATING,
  type ReviewsHarness,
  UPDATE,
} from './harness.ts'

let on: ReviewsHarness
let nextFilm = 100
const film = async () => {
  nextFilm += 1
  await on.films(nextFilm)
  return nextFilm
}

beforeAll(async () => {
  on = await openReviews()
})
afterAll(() => on.close())

async function ratingOf(movieId: number) {
  const { data, errors } = await on.entities('Movie', [movieId], RATING)
  expect(errors).toBeUndefined()
  return (data._entities as { rating: RatingAnswer }[])[0]?.rating
}
interface RatingAnswer {
  average: number | null
  count: number
  histogram: { rating: number; count: number }[]
}

describe('writing a review', () => {
  it('answers the review, counts it, and tells of it to the letter', async () => {
    const movieId = await film()
    const { review, errors } = await on.review(member(42), {
      movieId,
      rating: 4.5,
      text: '  Good.\r\nVery. ',
    })
    expect(errors).toEqual([])
    expect(review).toMatchObject({ rating: 4.5, text: 'Good.\nVery.', helpfulCount: 0 })
    expect(review?.author).toEqual({ id: '42' })
    expect(review?.movie).toEqual({ id: String(movieId) })
    expect(await ratingOf(movieId)).toEqual({
      average: 4.5,
      count: 1,
      histogram: [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5].map((rating) => ({
        rating,
        count: rating === 4.5 ? 1 : 0,
      })),
    })
    expect((await on.told()).at(-1)).toEqual({
      type: 'review_created',
      review_id: Number(review?.id),
      user_id: 42,
      movie_id: movieId,
      rating: 4.5,
      version: 1,
      key: String(movieId),
      origin: 'user',
    })
    const { data } = await on.ask('query ($id: ID!) { review(id: $id) { rating createdAt updatedAt } }', {
      id: review?.id,
    })
    expect(data.review).toEqual({
      rating: 4.5,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      updatedAt: expect.stringMatching(/Z$/),
    })
  })

  it('refuses a second one with the first', async () => {
    const movieId = await film()
    const first = await on.review(member(1), { movieId, rating: 3, text: 'First.' })
    const second = await on.review(member(1), { movieId, rating: 5 })
    expect(second.errors).toEqual([
      { code: 'ALREADY_EXISTS', message: expect.any(String), field: ['movieId'] },
    ])
    expect(second.review).toMatchObject({ id: first.review?.id, rating: 3, text: 'First.' })
    expect((await ratingOf(movieId))?.count).toBe(1)
  })

  it.each([
    ['no rating', { rating: 0 }, 'rating'],
    ['more than five stars', { rating: 5.5 }, 'rating'],
    ['a third of a star', { rating: 3.3 }, 'rating'],
    ['a text that is too long', { rating: 3, text: 'x'.repeat(2001) }, 'text'],
    ['a text with control characters', { rating: 3, text: 'a\u0000b' }, 'text'],
    ['a text that is not Unicode', { rating: 3, text: 'a\ud800b' }, 'text'],
  ])('refuses %s and names the field', async (_, input, field) => {
    const movieId = await film()
    const { review, errors } = await on.review(member(1), { movieId, ...input })
    expect(review).toBeNull()
    expect(errors).toEqual([{ code: 'INVALID_VALUE', message: expect.any(String), field: [field] }])
    expect((await ratingOf(movieId))?.count).toBe(0)
  })

  it('counts a text in characters as people see code points', async () => {
    const { review, errors } = await on.review(member(2), {
      movieId: await film(),
      rating: 5,
      text: '🎬'.repeat(2000),
    })
    expect(errors).toEqual([])
    expect([...(review?.text ?? '')]).toHaveLength(2000)
    const none = await on.review(member(3), { movieId: await film(), rating: 5, text: ' \n ' })
    expect(none.review?.text).toBeNull()
  })

  it('takes a film that no event has told of yet, and refuses one that its owner has not', async () => {
    on.owner.films.add(77_001)
    expect((await on.review(member(1), { movieId: 77_001, rating: 4 })).errors).toEqual([])
    const asked = on.owner.asked
    expect((await on.review(member(2), { movieId: 77_001, rating: 4 })).errors).toEqual([])
    expect(on.owner.asked).toBe(asked)
    expect((await on.review(member(1), { movieId: 77_002, rating: 4 })).errors).toMatchObject([
      { code: 'NOT_FOUND', field: ['movieId'] },
    ])
  })

  it('says nothing of a film while its owner does not answer', async () => {
    on.owner.down = true
    const { data, errors } = await on.ask(CREATE, { input: { movieId: 77_003, rating: 4 } }, member(1))
    on.owner.down = false
    expect(data).toBeNull()
    expect(errors?.[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR')
    expect(errors?.[0]?.message).not.toContain('movies')
  })

  it('refuses what is no id as the caller’s fault', async () => {
    for (const movieId of ['abc', '0', '-1', '99999999999', "1' OR '1'='1"]) {
      const { errors } = await on.ask(CREATE, { input: { movieId, rating: 4 } }, member(1))
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
    }
  })
})

describe('changing a review', () => {
  it('moves the average and the histogram, and tells of the rating before', async () => {
    const movieId = await film()
    const { review } = await on.review(member(5), { movieId, rating: 1, text: 'Meh' })
    const { data } = await on.ask(UPDATE, { input: { id: review?.id, rating: 4 } }, member(5))
    expect(data.updateReview).toMatchObject({ review: { rating: 4, text: 'Meh' }, errors: [] })
    const rating = await ratingOf(movieId)
    expect(rating).toMatchObject({ average: 4, count: 1 })
    expect(rating?.histogram.filter(({ count }) => count > 0)).toEqual([{ rating: 4, count: 1 }])
    expect((await on.told()).at(-1)).toMatchObject({
      type: 'review_updated',
      rating: 4,
      previous_rating: 1,
      version: 2,
    })
  })

  it('leaves absent fields, takes a null text away, and tells of nothing when nothing changed', async () => {
    const movieId = await film()
    const { review } = await on.review(member(6), { movieId, rating: 2, text: 'Words' })
    const told = (await on.told()).length
    await on.ask(UPDATE, { input: { id: review?.id, rating: 2, text: ' Words ' } }, member(6))
    await on.ask(UPDATE, { input: { id: review?.id } }, member(6))
    expect(await on.told()).toHaveLength(told)
    const { data } = await on.ask(UPDATE, { input: { id: review?.id, text: null } }, member(6))
    expect(data.updateReview).toMatchObject({ review: { rating: 2, text: null } })
    const refused = await on.ask(UPDATE, { input: { id: review?.id, rating: null } }, member(6))
    expect(refused.data.updateReview).toMatchObject({ review: null, errors: [{ code: 'INVALID_VALUE' }] })
  })

  it('deletes it with its count, and then there is none', async () => {
    const movieId = await film()
    const { review } = await on.review(member(7), { movieId, rating: 5 })
    const input = { id: review?.id }
    expect((await on.ask(DELETE, { input }, member(7))).data.deleteReview).toEqual({
      deletedReviewId: review?.id,
      errors: [],
    })
    expect(await ratingOf(movieId)).toMatchObject({ average: null, count: 0 })
    expect((await on.told()).at(-1)).toMatchObject({ type: 'review_deleted', movie_id: movieId, rating: 5 })
    expect((await on.ask(DELETE, { input }, member(7))).data.deleteReview).toEqual({
      deletedReviewId: null,
      errors: [{ code: 'NOT_FOUND', field: ['id'] }],
    })
    expect((await on.review(member(7), { movieId, rating: 1 })).errors).toEqual([])
  })

  it('shows in one request what its mutations did, one after the other', async () => {
    const movieId = await film()
    const { data } = await on.ask(
      `mutation ($a: CreateReviewInput!) {
        made: createReview(input: $a) { review { movie { rating { count } } } }
        again: createReview(input: $a) { review { movie { rating { count } } } errors { code } }
      }`,
      { a: { movieId, rating: 3 } },
      member(8),
    )
    expect(data).toMatchObject({
      made: { review: { movie: { rating: { count: 1 } } } },
      again: { review: { movie: { rating: { count: 1 } } }, errors: [{ code: 'ALREADY_EXISTS' }] },
    })
  })
})

describe('finding a review helpful', () => {
  it('counts once per member, can be taken back, and tells each time it changes', async () => {
    const { review } = await on.review(member(10), { movieId: await film(), rating: 4 })
    const mark = async (userId: number, helpful: boolean) => {
      const { data } = await on.ask(HELPFUL, { input: { reviewId: review?.id, helpful } }, member(userId))
      return (data.setReviewHelpful as { review: { helpfulCount: number } }).review.helpfulCount
    }
    expect(await mark(11, true)).toBe(1)
    expect(await mark(11, true)).toBe(1)
    expect(await mark(12, true)).toBe(2)
    expect(await mark(11, false)).toBe(1)
    expect(await mark(11, false)).toBe(1)
    const marks = (await on.told()).filter(({ type }) => type === 'review_helpful')
    expect(marks.map((event) => event.helpful_count)).toEqual([1, 2, 1])
    expect(marks.at(-1)).toMatchObject({ review_id: Number(review?.id) })
  })

  it("refuses one's own review and what is not there", async () => {
    const { review } = await on.review(member(13), { movieId: await film(), rating: 4 })
    const own = await on.ask(HELPFUL, { input: { reviewId: review?.id, helpful: true } }, member(13))
    expect(own.data.setReviewHelpful).toMatchObject({ review: null, errors: [{ code: 'FORBIDDEN' }] })
    const none = await on.ask(HELPFUL, { input: { reviewId: '999999', helpful: true } }, member(13))
    expect(none.data.setReviewHelpful).toMatchObject({ errors: [{ code: 'NOT_FOUND', field: ['reviewId'] }] })
  })
})

describe('under a rush', () => {
  it('keeps average and histogram exact for a hundred reviews of one film at once', async () => {
    const movieId = await film()
    const ratings = Array.from({ length: 100 }, (_, index) => ((index % 10) + 1) / 2)
    await Promise.all(ratings.map((rating, index) => on.review(member(2000 + index), { movieId, rating })))
    const rating = await ratingOf(movieId)
    expect(rating?.count).toBe(100)
    expect(rating?.average).toBe(ratings.reduce((sum, each) => sum + each, 0) / 100)
    expect(rating?.histogram.map(({ count }) => count)).toEqual(Array(10).fill(10))

    const { data } = await on.entities('Movie', [movieId], 'reviews(first: 100) { edges { node { id } } }')
    const [found] = data._entities as { reviews: { edges: { node: { id: string } }[] } }[]
    await Promise.all(
      (found?.reviews.edges ?? []).map(({ node }, index) =>
        index % 2 === 0
          ? on.ask(DELETE, { input: { id: node.id } }, member(1, 'admin'))
          : on.ask(UPDATE, { input: { id: node.id, rating: 5 } }, member(1, 'admin')),
      ),
    )
    expect(await ratingOf(movieId)).toMatchObject({ average: 5, count: 50 })
  })

  it('lets one of twenty equal requests in', async () => {
    const movieId = await film()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => on.review(member(3000), { movieId, rating: 4 })),
    )
    const ids = new Set(answers.map(({ review }) => review?.id))
    expect(ids.size).toBe(1)
    const codes = answers.flatMap(({ errors }) => errors.map(({ code }) => code))
    expect(codes).toEqual(Array(19).fill('ALREADY_EXISTS'))
    expect((await ratingOf(movieId))?.count).toBe(1)
  })
})
