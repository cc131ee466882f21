import { sqlEngines } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ratingScore } from '../src/ranking.ts'
import { type MoviesHarness, openMovies } from './harness.ts'

describe.each(sqlEngines)('films in %s', (engine) => {
  let on: MoviesHarness
  beforeAll(async () => {
    on = await openMovies(engine)
  })
  afterAll(() => on.close())

  async function film(title: string): Promise<number> {
    const { movie } = await on.create({ title })
    return Number(movie?.id)
  }
  const keysOf = async (id: number) => (await on.store.byIds([id]))[0]

  describe('what is heard of genres', () => {
    it('lets films have them, and no more when they are gone', async () => {
      on.neighbours.genres.add(5)
      await on.deliver('movieverse.metadata', { type: 'genre_saved', genre_id: 5, version: 1 })
      on.neighbours.genres.delete(5)
      const asked = on.neighbours.asked.length
      expect((await on.create({ title: 'Heard', genreIds: ['5'] })).errors).toEqual([])
      expect(on.neighbours.asked).toHaveLength(asked)
      await on.deliver('movieverse.metadata', { type: 'genre_saved', genre_id: 5, version: 2 })
      expect((await on.create({ title: 'Late', genreIds: ['5'] })).errors).toMatchObject([
        { code: 'INVALID_VALUE', field: ['genreIds'] },
      ])
    })

    it('takes a load of genres, the gaps in its range left out, twice', async () => {
      for (const id of [11, 13]) on.neighbours.genres.add(id)
      const event = { type: 'genres_imported', first_id: 11, last_id: 13, count: 2 }
      await on.deliver('movieverse.metadata', event)
      await on.deliver('movieverse.metadata', event)
      expect(await on.store.knownGenres([11, 12, 13])).toEqual(new Set([11, 13]))
    })

    it('leaves events of people and credits alone', async () => {
      const asked = on.neighbours.asked.length
      await on.deliver('movieverse.metadata', { type: 'person_saved', person_id: 1, version: 1 })
      await on.deliver('movieverse.metadata', { type: 'credits_saved', movie_id: 1, version: 1 })
      expect(on.neighbours.asked).toHaveLength(asked)
    })
  })

  describe('what is heard of reviews', () => {
    const review = (type: string, movieId: number, more = {}) => ({
      type,
      review_id: 1,
      user_id: 1,
      movie_id: movieId,
      rating: 4,
      version: 1,
      ...more,
    })

    it('moves a film by its Bayesian average and its popularity', async () => {
      const [good, bad] = [await film('Good one'), await film('Bad one')]
      on.neighbours.ratings.set(good, [5, 5, 4.5])
      on.neighbours.ratings.set(bad, [1])
      await on.deliver('movieverse.reviews', review('review_created', good))
      await on.deliver('movieverse.reviews', review('review_updated', bad, { previous_rating: 5 }))
      expect(await on.titles('filter: { text: "one" }, orderBy: RATING')).toEqual(['Good one', 'Bad one'])
      expect(await on.titles('filter: { text: "one" }, orderBy: POPULARITY')).toEqual(['Good one', 'Bad one'])
      expect((await keysOf(good))?.keys.ratingScore).toBeCloseTo((10 * 3.5 + 14.5) / 13, 12)
      const { data } = await on.ask(`{ movie(id: "${good}") { popularity version } }`)
      expect(data.movie).toEqual({ popularity: Math.log1p(3), version: 1 })
    })

    it('reads the present state: events told twice, late or out of order do no harm', async () => {
      const id = await film('Steady')
      on.neighbours.ratings.set(id, [4, 2])
      await on.deliver('movieverse.reviews', review('review_deleted', id, { version: 3 }))
      await on.deliver('movieverse.reviews', review('review_created', id))
      await on.deliver('movieverse.reviews', review('review_created', id))
      expect((await keysOf(id))?.ratings).toEqual({ count: 2, average: 3 })
      on.neighbours.ratings.delete(id)
      await on.deliver('movieverse.reviews', review('review_deleted', id))
      expect((await keysOf(id))?.ratings).toEqual({ count: 0, average: null })
      expect((await keysOf(id))?.keys.ratingScore).toBe(ratingScore({ count: 0, average: null }))
    })

    it('takes a load of reviews by the films that they are of', async () => {
      const [one, two] = [await film('Loaded one'), await film('Loaded two')]
      on.neighbours.reviews.set(501, one).set(502, two).set(1700, one)
      on.neighbours.ratings.set(one, [5]).set(two, [3, 4])
      await on.deliver('movieverse.reviews', {
        type: 'reviews_imported',
        first_id: 501,
        last_id: 1700,
        count: 3,
      })
      expect((await keysOf(one))?.ratings).toEqual({ count: 1, average: 5 })
      expect((await keysOf(two))?.ratings).toEqual({ count: 2, average: 3.5 })
    })

    it('reads once for many events that come while it reads', async () => {
      const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => film(`Rush ${index}`)))
      for (const id of ids) on.neighbours.ratings.set(id, [4])
      on.neighbours.asked.length = 0
      await Promise.all(ids.map((id) => on.deliver('movieverse.reviews', review('review_created', id))))
      expect(on.neighbours.asked.length).toBeLessThanOrEqual(2)
      for (const id of ids) expect((await keysOf(id))?.ratings.count).toBe(1)
    })

    it('leaves marks of helpfulness alone', async () => {
      const asked = on.neighbours.asked.length
      await on.deliver('movieverse.reviews', {
        type: 'review_helpful',
        review_id: 1,
        helpful_count: 1,
        version: 1,
      })
      expect(on.neighbours.asked).toHaveLength(asked)
    })

    it('is heard again when the owner did not answer', async () => {
      const id = await film('Patient')
      on.neighbours.ratings.set(id, [5])
      on.neighbours.down = true
      await expect(on.deliver('movieverse.reviews', review('review_created', id))).rejects.toThrow(
        'does not answer',
      )
      on.neighbours.down = false
      await on.deliver('movieverse.reviews', review('review_created', id))
      expect((await keysOf(id))?.ratings.count).toBe(1)
    })
  })
})
