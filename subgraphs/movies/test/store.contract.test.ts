import { sqlEngines } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { movieCreated, movieUpdated } from '../src/events.ts'
import { noFacts } from '../src/movies.ts'
import { searchPatterns } from '../src/search-text.ts'
import type { Movie, MovieFacts, MovieOrder, MoviePosition, MovieStore } from '../src/store.ts'
import { openTestEngine, type TestEngine } from './engine.ts'

const keyOf: Readonly<Record<MovieOrder, (movie: Movie) => number | string>> = {
  POPULARITY: ({ keys }) => keys.popularity,
  RATING: ({ keys }) => keys.ratingScore,
  NEWEST: ({ keys }) => keys.newestKey,
  OLDEST: ({ keys }) => keys.oldestKey,
  TITLE: ({ keys }) => keys.titleKey,
}
const orders = Object.keys(keyOf) as MovieOrder[]

describe.each(sqlEngines)('A store of films in %s', (on) => {
  let engine: TestEngine
  let store: MovieStore
  let nextGenre = 100

  async function added(facts: Partial<MovieFacts> & { title: string }): Promise<Movie> {
    const outcome = await store.create({ ...noFacts, ...facts }, (movie) => [movieCreated(movie)])
    if (outcome.kind !== 'created') throw new Error(`${outcome.field} is taken`)
    return outcome.movie
  }

  beforeAll(async () => {
    engine = await openTestEngine(on)
    store = engine.store
  })
  afterAll(() => engine.close())

  it('keeps every fact of a film, and tells of it', async () => {
    const facts: MovieFacts = {
      title: 'Amélie',
      originalTitle: "Le Fabuleux Destin d'Amélie Poulain",
      alternativeTitles: ['Die fabelhafte Welt der Amélie'],
      tmdbId: 194,
      imdbId: 'tt0211915',
      overview: 'A waitress.\nShe helps.',
      tagline: null,
      releaseDate: '2001-04-25',
      year: 2001,
      runtime: 122,
      genreIds: [9, 4],
      originalLanguage: 'fr',
      countries: ['FR', 'DE'],
      posterUrl: 'https://example.org/a.jpg',
      voteCount: 100,
      voteAverage: 7.9,
    }
    const movie = await added(facts)
    expect(movie).toMatchObject({ ...facts, version: 1, ratings: { count: 0, average: null } })
    expect(await store.byIds([movie.id, 999_999])).toEqual([movie])
    expect(await store.byTmdbIds([194])).toEqual([movie])
    expect(await store.byImdbIds(['tt0211915'])).toEqual([movie])
    expect((await engine.told()).at(-1)).toEqual({
      type: 'movie_created',
      movie_id: movie.id,
      title: 'Amélie',
      version: 1,
      key: String(movie.id),
      origin: 'user',
    })
  })

  it('names the id that another film has', async () => {
    await added({ title: 'First', tmdbId: 5, imdbId: 'tt0000005' })
    const second = await added({ title: 'Second', tmdbId: 6 })
    expect(await store.create({ ...noFacts, title: 'Third', tmdbId: 5 }, () => [])).toEqual({
      kind: 'taken',
      field: 'tmdbId',
    })
    expect(
      await store.update(
        { id: second.id, expectedVersion: 1 },
        (before) => ({ ...before, imdbId: 'tt0000005' }),
        () => [],
      ),
    ).toEqual({ kind: 'taken', field: 'imdbId' })
    expect((await store.byIds([second.id]))[0]).toEqual(second)
  })

  it('updates the version that was expected and no other, one of many at the same time', async () => {
    const { id } = await added({ title: 'Contested', genreIds: [1] })
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        store.update(
          { id, expectedVersion: 1 },
          (before) => ({ ...before, title: `Contested by ${index}`, genreIds: [2] }),
          (movie) => [movieUpdated(movie)],
        ),
      ),
    )
    expect(results.map(({ kind }) => kind).sort()).toEqual([...Array(7).fill('conflict'), 'updated'])
    expect((await store.byIds([id]))[0]).toMatchObject({ version: 2, genreIds: [2] })
    expect((await engine.told()).filter((event) => event.movie_id === id)).toHaveLength(2)
    expect((await store.countsOfGenres([1, 2])).get(1)).toBeUndefined()
    const gone = await store.update(
      { id: 999_999, expectedVersion: 1 },
      (before) => before,
      () => [],
    )
    expect(gone.kind).toBe('gone')
  })

  it('leaves nothing of a write whose event cannot leave', async () => {
    const broken = store.create({ ...noFacts, title: 'Never' }, () => [
      {
        topic: 'movieverse.movies',
        key: 1,
        data: { type: 'movie_created', movie_id: 0, title: '', version: 0 },
      },
    ])
    await expect(broken).rejects.toThrow()
    expect(await store.count({ patterns: searchPatterns('never') })).toBe(0)
  })

  it('walks every order page by page, films without a date last in both', async () => {
    nextGenre += 10
    const genre = nextGenre
    const films = [
      ['Zulu', '1964-01-22', null],
      ['Äpfel', null, null],
      ['apple', null, 1999],
      ['Brazil', '1985-02-20', 1985],
      ['Alien', '1979-05-25', 1979],
      ['alien', '1979-05-25', 1979],
      ['Ran', null, null],
    ] as const
    for (const [title, releaseDate, year] of films) {
      await added({ title, releaseDate, year, genreIds: [genre], voteCount: title.length * 10 })
    }
    for (const order of orders) {
      const filter = { genreIds: [genre] }
      const all = await store.page(filter, { order, after: undefined, limit: 100 })
      expect(all).toHaveLength(films.length)
      const walked: Movie[] = []
      let after: MoviePosition | undefined
      for (;;) {
        const page = await store.page(filter, { order, after, limit: 2 })
        const last = page.at(-1)
        if (!last) break
        walked.push(...page)
        after = { key: keyOf[order](last), id: last.id }
      }
      expect(walked).toEqual(all)
      const ofGenres = await store.pagesOfGenres([genre, genre + 1000], {
        order,
        after: undefined,
        limit: 100,
      })
      expect([...ofGenres]).toEqual([[genre, all]])
    }
    const titles = async (order: MovieOrder) =>
      (await store.page({ genreIds: [genre] }, { order, after: undefined, limit: 100 })).map((m) => m.title)
    expect(await titles('TITLE')).toEqual(['Alien', 'alien', 'Äpfel', 'apple', 'Brazil', 'Ran', 'Zulu'])
    expect((await titles('NEWEST')).slice(-2).sort()).toEqual(['Ran', 'Äpfel'])
    expect((await titles('OLDEST')).slice(-2).sort()).toEqual(['Ran', 'Äpfel'])
    expect((await titles('NEWEST'))[0]).toBe('apple')
    expect((await titles('OLDEST'))[0]).toBe('Zulu')
    expect((await store.countsOfGenres([genre])).get(genre)).toBe(films.length)
  })

  it('finds films by what they are', async () => {
    nextGenre += 10
    const genre = nextGenre
    await added({ title: 'Spirited Away', originalTitle: '千と千尋の神隠し', genreIds: [genre], year: 2001 })
    await added({
      title: "Schindler's List",
      genreIds: [genre, genre + 1],
      year: 1993,
      originalLanguage: 'en',
    })
    await added({ title: 'WALL·E', alternativeTitles: ['Wall-E: Der Letzte'], genreIds: [genre], year: 2008 })
    const found = async (filter: Parameters<MovieStore['page']>[0]) => {
      const inGenre = { genreIds: [genre], ...filter }
      const movies = await store.page(inGenre, { order: 'TITLE', after: undefined, limit: 10 })
      expect(await store.count(inGenre)).toBe(movies.length)
      return movies.map(({ title }) => title)
    }
    const text = (words: string) => found({ patterns: searchPatterns(words) })
    expect(await text('SCHINDLERS')).toEqual(["Schindler's List"])
    expect(await text("schindler's lis")).toEqual(["Schindler's List"])
    expect(await text('wall-e')).toEqual(['WALL·E'])
    expect(await text('letzte')).toEqual(['WALL·E'])
    expect(await text('神隠し')).toEqual(['Spirited Away'])
    expect(await text('ay')).toEqual([])
    expect(await text('spirit  AWAY')).toEqual(['Spirited Away'])
    expect(await text('spirit % away')).toEqual(['Spirited Away'])
    expect(await found({ yearFrom: 1993, yearTo: 2001 })).toEqual(["Schindler's List", 'Spirited Away'])
    expect(await found({ originalLanguage: 'en' })).toEqual(["Schindler's List"])
    expect(await found({ genreIds: [genre + 1, genre + 2] })).toEqual(["Schindler's List"])
    expect(await found({ genreIds: [] })).toEqual([])
  })

  it('orders by its ratings and writes them only when they differ', async () => {
    nextGenre += 10
    const genre = nextGenre
    const [one, many, low] = [
      await added({ title: 'One five', genreIds: [genre] }),
      await added({ title: 'Many fours', genreIds: [genre] }),
      await added({ title: 'Low', genreIds: [genre] }),
    ]
    const ratings = new Map([
      [one.id, { count: 1, average: 5 }],
      [many.id, { count: 100, average: 4 }],
      [low.id, { count: 20, average: 2 }],
      [999_999, { count: 1, average: 1 }],
    ])
    expect(await store.setRatings(ratings)).toBe(3)
    expect(await store.setRatings(ratings)).toBe(0)
    const byRating = await store.page({ genreIds: [genre] }, { order: 'RATING', after: undefined, limit: 5 })
    expect(byRating.map(({ title }) => title)).toEqual(['Many fours', 'One five', 'Low'])
    expect(byRating[0]?.keys.ratingScore).toBeCloseTo((10 * 3.5 + 400) / 110, 12)
    expect(byRating[0]?.keys.popularity).toBeCloseTo(Math.log(101), 12)
    expect(byRating[0]?.version).toBe(1)
    for (const order of orders) {
      const query = { order, after: undefined, limit: 5 }
      const ofGenres = await store.pagesOfGenres([genre], query)
      expect(ofGenres.get(genre)).toEqual(await store.page({ genreIds: [genre] }, query))
    }
    await store.setRatings(new Map([[many.id, { count: 0, average: null }]]))
    expect((await store.byIds([many.id]))[0]).toMatchObject({ ratings: { count: 0, average: null } })
  })

  it('knows the genres that it was told of', async () => {
    await store.saveGenres({ known: [1, 2, 3], gone: [] })
    await store.saveGenres({ known: [3, 4], gone: [2] })
    expect(await store.knownGenres([1, 2, 3, 4, 5])).toEqual(new Set([1, 3, 4]))
  })

  it('answers a ping', async () => {
    await expect(store.ping()).resolves.toBeUndefined()
  })
})
