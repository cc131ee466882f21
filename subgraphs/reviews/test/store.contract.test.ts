import { openReads } from '@movieverse/kit/databases/reads'
import { createOutbox } from '@movieverse/kit/outbox/sql-outbox'
import { prismaSql } from '@movieverse/kit/sql'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reviewCreated, reviewDeleted, reviewHelpful, reviewsImported, reviewUpdated } from '../src/events.ts'
import { createPrismaReviewStore, createReviewsClient } from '../src/store.prisma.ts'
import type { NewReview, ReviewStore } from '../src/store.ts'

interface Engine {
  readonly store: ReviewStore
  /** Every event that has left with a write, in the order of the writes. */
  events(): Promise<readonly Record<string, unknown>[]>
  close(): Promise<void>
}

const engines: Readonly<Record<string, () => Promise<Engine>>> = {
  async PostgreSQL() {
    const database = await createTestDatabase('reviews')
    const client = createReviewsClient(database.url)
    const store = createPrismaReviewStore({
      client,
      reads: openReads(database.url, client),
      outbox: createOutbox({ source: 'reviews' }),
    })
    return {
      store,
      async events() {
        const sql = prismaSql(client)
        const rows = await sql.query<{ data: Record<string, unknown> }>(
          'SELECT data FROM outbox ORDER BY position',
          [],
        )
        return rows.map(({ data }) => data)
      },
      async close() {
        await store.close()
        await database.close()
      },
    }
  },
}

const at = (day: number) => new Date(Date.UTC(2020, 0, day))
const review = (userId: number, movieId: number, rating = 4, day = 1): NewReview => ({
  userId,
  movieId,
  rating,
  text: null,
  createdAt: at(day),
})

describe.each(Object.entries(engines))('A store of reviews in %s', (_, start) => {
  let engine: Engine
  let store: ReviewStore
  /** Each test has films and members of its own. */
  let next = 1000
  const fresh = () => ++next

  async function film(): Promise<number> {
    const id = fresh()
    await store.saveMovies({ known: [id], gone: [] })
    return id
  }

  async function added(userId: number, movieId: number, rating = 4, day = 1) {
    const outcome = await store.create(review(userId, movieId, rating, day), (made) => [reviewCreated(made)])
    if (outcome.kind !== 'created') throw new Error(outcome.kind)
    return outcome.review
  }

  async function eventsOf(movieId: number) {
    return (await engine.events()).filter((event) => event.movie_id === movieId)
  }

  beforeAll(async () => {
    engine = await start()
    store = engine.store
  })
  afterAll(() => engine.close())

  it('keeps a review with its counters and its event', async () => {
    const movieId = await film()
    const made = await added(1, movieId, 4.5)
    expect(made).toMatchObject({ userId: 1, movieId, rating: 4.5, version: 1, helpfulCount: 0 })
    expect((await store.byIds([made.id]))[0]).toEqual(made)
    expect((await store.ratings([movieId])).get(movieId)).toEqual({
      count: 1,
      halfStars: 9,
      steps: [0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
    })
    expect(await eventsOf(movieId)).toEqual([
      {
        type: 'review_created',
        review_id: made.id,
        user_id: 1,
        movie_id: movieId,
        rating: 4.5,
        version: 1,
      },
    ])
  })

  it('leaves nothing of a write whose event cannot leave', async () => {
    const movieId = await film()
    const broken = store.create(review(2, movieId), () => [
      {
        topic: 'movieverse.reviews',
        key: movieId,
        data: { type: 'review_helpful', review_id: 0, helpful_count: 0, version: 0 },
      },
    ])
    await expect(broken).rejects.toThrow()
    expect(await store.byAuthor(2, [movieId])).toEqual([])
    expect((await store.ratings([movieId])).get(movieId)?.count).toBe(0)
  })

  it('refuses a second review of one author and film, and leaves the counters alone', async () => {
    const movieId = await film()
    await added(3, movieId, 5)
    expect(await store.create(review(3, movieId, 1), () => [])).toEqual({ kind: 'exists' })
    expect((await store.ratings([movieId])).get(movieId)).toMatchObject({ count: 1, halfStars: 10 })
    expect((await store.reviewCounts([3])).get(3)).toBe(1)
  })

  it('refuses reviews of films that are unknown or gone', async () => {
    expect(await store.create(review(4, fresh()), () => [])).toEqual({ kind: 'unknown-movie' })
    const gone = await film()
    const written = await added(4, gone)
    await store.saveMovies({ known: [], gone: [gone] })
    expect(await store.create(review(5, gone), () => [])).toEqual({ kind: 'unknown-movie' })
    expect((await store.byIds([written.id]))[0]?.movieGone).toBe(true)
    expect(await store.knownMovies([gone])).toEqual(new Set())
  })

  it('moves the counters by a change and tells of the rating before', async () => {
    const movieId = await film()
    const { id } = await added(6, movieId, 2)
    const changed = await store.update(
      id,
      () => ({ rating: 5, text: 'Better the second time.' }),
      ({ before, after }) => [reviewUpdated(before, after)],
    )
    expect(changed).toMatchObject({ rating: 5, text: 'Better the second time.', version: 2 })
    expect((await store.ratings([movieId])).get(movieId)).toEqual({
      count: 1,
      halfStars: 10,
      steps: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    })
    expect((await eventsOf(movieId)).at(-1)).toMatchObject({ type: 'review_updated', previous_rating: 2 })
    await store.update(
      id,
      () => null,
      () => {
        throw new Error('told of nothing')
      },
    )
    expect((await store.byIds([id]))[0]?.version).toBe(2)
  })

  it('deletes a review once, with its marks and counts', async () => {
    const movieId = await film()
    const { id } = await added(7, movieId)
    await store.setHelpful({ reviewId: id, userId: 8, helpful: true }, () => [])
    expect(await store.delete(id, (gone) => [reviewDeleted(gone)])).toMatchObject({ id, version: 3 })
    expect(await store.delete(id, () => [])).toBeNull()
    expect((await store.ratings([movieId])).get(movieId)).toMatchObject({ count: 0, halfStars: 0 })
    expect((await store.reviewCounts([7])).get(7)).toBe(0)
    expect((await eventsOf(movieId)).at(-1)).toMatchObject({ type: 'review_deleted', review_id: id })
  })

  it('counts one mark a member, however often it is set', async () => {
    const { id } = await added(9, await film())
    const mark = (userId: number, helpful: boolean) =>
      store.setHelpful({ reviewId: id, userId, helpful }, (marked) => [reviewHelpful(marked)])
    expect((await mark(10, true)).kind).toBe('marked')
    expect((await mark(10, true)).kind).toBe('unchanged')
    await Promise.all(Array.from({ length: 20 }, (_, index) => mark(11 + (index % 4), true)))
    expect((await store.byIds([id]))[0]?.helpfulCount).toBe(5)
    expect((await mark(10, false)).kind).toBe('marked')
    expect((await mark(10, false)).kind).toBe('unchanged')
    expect((await store.byIds([id]))[0]?.helpfulCount).toBe(4)
    expect((await store.setHelpful({ reviewId: 999_999, userId: 10, helpful: true }, () => [])).kind).toBe(
      'gone',
    )
  })

  it('imports what is new of a batch and says from which id to which', async () => {
    const [first, second] = [await film(), await film()]
    await added(20, first, 1)
    const batch = [review(20, first, 5), review(20, second, 3), review(21, first, 4), review(21, fresh(), 4)]
    const tell = (ids: Parameters<typeof reviewsImported>[0]) => [reviewsImported(ids, 'seed')]
    expect(await store.import([...batch, review(20, second, 2)], tell)).toBe(2)
    expect((await engine.events()).at(-1)).toMatchObject({ type: 'reviews_imported', count: 2 })
    expect((await store.ratings([first, second])).get(first)).toMatchObject({ count: 2, halfStars: 10 })
    expect((await store.reviewCounts([20, 21])).get(20)).toBe(2)
    expect(await store.import(batch, tell)).toBe(0)
    expect((await engine.events()).filter(({ type }) => type === 'reviews_imported')).toHaveLength(1)
  })

  it('erases a member in bounded steps and refuses what comes late', async () => {
    const movies = [await film(), await film(), await film()]
    const [member, other] = [fresh(), fresh()]
    for (const movieId of movies) await added(member, movieId, 5)
    const kept = await added(other, movies[0] ?? 0, 2)
    await store.setHelpful({ reviewId: kept.id, userId: member, helpful: true }, () => [])
    await store.refuseMember(member)
    expect((await store.byAuthor(member, movies)).every(({ authorErased }) => authorErased)).toBe(true)
    const tell = { deleted: () => [], unmarked: () => [] }
    expect(await store.eraseSome(member, 2, tell)).toBe(3)
    expect(await store.eraseSome(member, 2, tell)).toBe(1)
    expect(await store.eraseSome(member, 2, tell)).toBe(0)
    expect(await store.byAuthor(member, movies)).toEqual([])
    expect((await store.byIds([kept.id]))[0]?.helpfulCount).toBe(0)
    expect((await store.ratings(movies)).get(movies[0] ?? 0)).toMatchObject({ count: 1, halfStars: 4 })
    expect((await store.ratings(movies)).get(movies[1] ?? 0)).toMatchObject({ count: 0, halfStars: 0 })

    expect((await store.create(review(member, movies[1] ?? 0), () => [])).kind).toBe('erased')
    expect(
      (await store.setHelpful({ reviewId: kept.id, userId: member, helpful: true }, () => [])).kind,
    ).toBe('erased')
    expect(await store.import([review(member, movies[2] ?? 0)], () => [])).toBe(0)
    expect((await store.ratings(movies)).get(movies[1] ?? 0)?.count).toBe(0)
  })

  it('walks every order page by page, for many parents at once', async () => {
    const movies = [await film(), await film()]
    const authors = Array.from({ length: 12 }, fresh)
    for (const [index, author] of authors.entries()) {
      for (const movieId of movies) await added(author, movieId, ((index % 5) + 1) / 2, 1 + (index % 3))
    }
    const keyOf = {
      NEWEST: (r: { createdAt: Date }) => r.createdAt.getTime(),
      OLDEST: (r: { createdAt: Date }) => r.createdAt.getTime(),
      HIGHEST: (r: { rating: number }) => r.rating * 2,
      LOWEST: (r: { rating: number }) => r.rating * 2,
      HELPFUL: (r: { helpfulCount: number }) => r.helpfulCount,
    } as const
    for (const order of ['NEWEST', 'OLDEST', 'HIGHEST', 'LOWEST', 'HELPFUL'] as const) {
      const sign = order === 'OLDEST' || order === 'LOWEST' ? 1 : -1
      const all = (await store.pages({ of: 'movie', ids: movies, order, after: undefined, limit: 100 })).get(
        movies[1] ?? 0,
      )
      expect(all).toHaveLength(12)
      const keys = (all ?? []).map((r) => [keyOf[order](r), r.id] as const)
      expect(keys).toEqual([...keys].sort((a, b) => sign * (a[0] - b[0] || a[1] - b[1])))
      const walked: number[] = []
      let after: { key: number; id: number } | undefined
      for (;;) {
        const page = (await store.pages({ of: 'movie', ids: [movies[1] ?? 0], order, after, limit: 5 })).get(
          movies[1] ?? 0,
        )
        const last = page?.at(-1)
        if (!page || !last) break
        walked.push(...page.map(({ id }) => id))
        after = { key: keyOf[order](last), id: last.id }
      }
      expect(walked).toEqual((all ?? []).map(({ id }) => id))
    }
    const ofAuthors = await store.pages({
      of: 'user',
      ids: [...authors, fresh()],
      order: 'NEWEST',
      after: undefined,
      limit: 5,
    })
    expect([...ofAuthors.values()].map((page) => page.length)).toEqual(authors.map(() => 2))
  })

  it('answers a ping', async () => {
    await expect(store.ping()).resolves.toBeUndefined()
  })
})
