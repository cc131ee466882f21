import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CREATE, HELPFUL, member, openReviews, RATING, type ReviewsHarness } from './harness.ts'

let on: ReviewsHarness
beforeAll(async () => {
  on = await openReviews()
})
afterAll(() => on.close())

const countOf = async (movieId: number) => {
  const { data } = await on.entities('Movie', [movieId], RATING)
  return (data._entities as { rating: { count: number; average: number | null } }[])[0]?.rating
}

describe('what is heard of films', () => {
  it('lets them be reviewed without asking their owner again', async () => {
    on.owner.films.add(11)
    await on.deliver('movieverse.movies', { type: 'movie_created', movie_id: 11, title: 'Heat', version: 1 })
    const asked = on.owner.asked
    expect((await on.review(member(1), { movieId: 11, rating: 4 })).errors).toEqual([])
    expect(on.owner.asked).toBe(asked)
  })

  it('takes a load of films, the gaps in its range left out', async () => {
    for (const id of [2001, 2500, 4600]) on.owner.films.add(id)
    const event = { type: 'movies_imported', first_id: 2001, last_id: 4600, count: 3 }
    await on.deliver('movieverse.movies', event)
    expect(await on.store.knownMovies([2001, 2002, 2500, 4600])).toEqual(new Set([2001, 2500, 4600]))
    const asked = on.owner.asked
    await on.deliver('movieverse.movies', event)
    expect(on.owner.asked).toBe(asked)
  })

  it('shows the reviews of a film that is gone, without it', async () => {
    await on.films(12)
    const { review } = await on.review(member(1), { movieId: 12, rating: 4 })
    on.owner.films.delete(12)
    await on.deliver('movieverse.movies', { type: 'movie_updated', movie_id: 12, title: 'Gone', version: 9 })
    const { data } = await on.ask('query ($id: ID!) { review(id: $id) { rating movie { id } } }', {
      id: review?.id,
    })
    expect(data.review).toEqual({ rating: 4, movie: null })
    expect((await on.review(member(2), { movieId: 12, rating: 1 })).errors).toMatchObject([
      { code: 'NOT_FOUND' },
    ])
  })

  it('reads the present state, so that a late event does no harm', async () => {
    on.owner.films.add(13)
    await on.deliver('movieverse.movies', { type: 'movie_updated', movie_id: 13, title: 'Late', version: 5 })
    await on.deliver('movieverse.movies', { type: 'movie_created', movie_id: 13, title: 'Late', version: 1 })
    expect(await on.store.knownMovies([13])).toEqual(new Set([13]))
  })

  it('is heard again when the owner did not answer', async () => {
    on.owner.films.add(14)
    on.owner.down = true
    const event = { type: 'movie_created', movie_id: 14, title: 'Patient', version: 1 }
    await expect(on.deliver('movieverse.movies', event)).rejects.toThrow('does not answer')
    on.owner.down = false
    await on.deliver('movieverse.movies', event)
    expect(await on.store.knownMovies([14])).toEqual(new Set([14]))
  })
})

describe('the erasure of a member', () => {
  const films = Array.from({ length: 230 }, (_, index) => 20_000 + index)
  const erased = member(66)
  const kept = member(67)

  beforeAll(async () => {
    await on.films(...films)
    const createdAt = new Date(Date.UTC(2020, 0, 1))
    await on.importer.importReviews(
      films.flatMap((movieId) => [
        { userId: erased.userId, movieId, rating: 1, createdAt, text: 'Private words.' },
        { userId: kept.userId, movieId, rating: 5, createdAt },
      ]),
    )
    const { data } = await on.entities('User', [kept.userId], 'reviews(first: 100) { edges { node { id } } }')
    const [user] = data._entities as { reviews: { edges: { node: { id: string } }[] } }[]
    for (const { node } of user?.reviews.edges.slice(0, 3) ?? []) {
      await on.ask(HELPFUL, { input: { reviewId: node.id, helpful: true } }, erased)
    }
    await on.deliver('movieverse.accounts', { type: 'user_erased', user_id: erased.userId, version: 2 })
  })

  it('takes their reviews out of every film, its average and its counts', async () => {
    const { data } = await on.entities(
      'Movie',
      films,
      'rating { average count } reviews { totalCount edges { node { author { id } text } } }',
    )
    for (const film of data._entities as unknown[]) {
      expect(film).toEqual({
        rating: { average: 5, count: 1 },
        reviews: { totalCount: 1, edges: [{ node: { author: { id: String(kept.userId) }, text: null } }] },
      })
    }
    const users = await on.entities(
      'User',
      [erased.userId, kept.userId],
      'reviewCount reviews { totalCount edges { cursor } }',
    )
    expect(users.data._entities).toMatchObject([
      { reviewCount: 0, reviews: { totalCount: 0, edges: [] } },
      { reviewCount: 230, reviews: { totalCount: 230 } },
    ])
  })

  it('tells of each deleted review and each mark that went', async () => {
    const told = await on.told()
    const deleted = told.filter(({ type, user_id }) => type === 'review_deleted' && user_id === erased.userId)
    expect(new Set(deleted.map(({ movie_id }) => movie_id)).size).toBe(230)
    expect(deleted).toHaveLength(230)
    const marks = told.filter(({ type }) => type === 'review_helpful').map((event) => event.helpful_count)
    expect(marks).toEqual([1, 1, 1, 0, 0, 0])
    expect(JSON.stringify(told)).not.toContain('Private')
  })

  it('changes nothing when it is heard twice', async () => {
    const before = (await on.told()).length
    await on.deliver('movieverse.accounts', { type: 'user_erased', user_id: erased.userId, version: 2 })
    expect(await on.told()).toHaveLength(before)
  })

  it('cannot be undone by what comes late', async () => {
    const { data } = await on.ask(CREATE, { input: { movieId: films[0], rating: 5 } }, erased)
    expect(data.createReview).toMatchObject({ review: null, errors: [{ code: 'FORBIDDEN' }] })
    const createdAt = new Date()
    const late = { userId: erased.userId, movieId: films[1] ?? 0, rating: 5, createdAt }
    expect(await on.importer.importReviews([late])).toEqual({ imported: 0, skipped: 1 })
    await on.deliver('movieverse.accounts', {
      type: 'user_registered',
      user_id: erased.userId,
      username: 'back',
      version: 1,
    })
    expect(await countOf(films[0] ?? 0)).toEqual(expect.objectContaining({ count: 1, average: 5 }))
  })

  it('catches reviews that are written in the same moment', async () => {
    const last = member(68)
    const moment = Array.from({ length: 30 }, (_, index) => 30_000 + index)
    await on.films(...moment)
    await Promise.all([
      ...moment.map((movieId) => on.review(last, { movieId, rating: 4 })),
      on.deliver('movieverse.accounts', { type: 'user_erased', user_id: last.userId, version: 2 }),
    ])
    expect(await on.store.byAuthor(last.userId, moment)).toEqual([])
    const counts = await on.store.ratings(moment)
    expect([...counts.values()].every(({ count }) => count === 0)).toBe(true)
  })
})

describe('a load of reviews', () => {
  const rows = Array.from({ length: 2500 }, (_, index) => ({
    userId: 1000 + (index % 50),
    movieId: 40_000 + Math.floor(index / 50),
    rating: ((index % 10) + 1) / 2,
    createdAt: new Date(Date.UTC(2010, 0, 1) + index * 1000),
  }))

  it('counts exactly, tells of each batch once, and adds nothing the second time', async () => {
    await on.importer.knowMovies([...new Set(rows.map(({ movieId }) => movieId))])
    expect(await on.importer.importReviews(rows, 'seed')).toEqual({ imported: 2500, skipped: 0 })
    const batches = (await on.told()).filter(
      ({ type, origin }) => type === 'reviews_imported' && origin === 'seed',
    )
    expect(batches.map(({ count }) => count)).toEqual([1000, 1000, 500])
    for (const { first_id, last_id, count } of batches) {
      expect(Number(last_id) - Number(first_id) + 1).toBe(count)
    }
    expect(await on.importer.importReviews(rows, 'seed')).toEqual({ imported: 0, skipped: 2500 })
    expect(await countOf(40_000)).toEqual({
      average: 2.75,
      count: 50,
      histogram: Array.from({ length: 10 }, (_, index) => ({ rating: (index + 1) / 2, count: 5 })),
    })
    const { data } = await on.entities('User', [1000], 'reviewCount')
    expect(data._entities).toEqual([{ reviewCount: 50 }])
  })

  it('asks the owner for films that it was not told of, and leaves out those that do not exist', async () => {
    on.owner.films.add(50_000)
    const createdAt = new Date()
    expect(
      await on.importer.importReviews([
        { userId: 1, movieId: 50_000, rating: 5, createdAt },
        { userId: 1, movieId: 50_001, rating: 5, createdAt },
        { userId: 1, movieId: 50_000, rating: 1, createdAt },
      ]),
    ).toEqual({ imported: 1, skipped: 2 })
  })

  it('stands beside reviews that are written at the same time', async () => {
    const movieIds = Array.from({ length: 20 }, (_, index) => 60_000 + index)
    await on.films(...movieIds)
    const load = (userIds: number[]) =>
      on.importer.importReviews(
        userIds.flatMap((userId) =>
          movieIds.map((movieId) => ({ userId, movieId, rating: 3, createdAt: new Date() })),
        ),
      )
    await Promise.all([
      load([7001, 7002, 7003]),
      load([7003, 7002, 7001, 7004]),
      ...movieIds.map((movieId) => on.review(member(7005), { movieId, rating: 3 })),
      ...movieIds.map((movieId) => on.review(member(7001), { movieId, rating: 3 })),
    ])
    const counts = await on.store.ratings(movieIds)
    expect([...counts.values()].map(({ count, halfStars }) => [count, halfStars])).toEqual(
      movieIds.map(() => [5, 30]),
    )
    expect((await on.store.reviewCounts([7001])).get(7001)).toBe(20)
  })

  it('writes nothing when a row is broken, and names it', async () => {
    const createdAt = new Date()
    const broken = on.importer.importReviews([
      { userId: 9999, movieId: 50_000, rating: 5, createdAt },
      { userId: 9999, movieId: 50_000, rating: 5.2, createdAt },
    ])
    await expect(broken).rejects.toThrow(/half stars/)
    expect(await on.store.byAuthor(9999, [50_000])).toEqual([])
  })
})
