import { sqlEngines } from '@movieverse/kit/testing/database'
import { awkward } from '@movieverse/kit/testing/values'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { noFacts } from '../src/movies.ts'
import { titleKey } from '../src/ranking.ts'
import { searchPatterns } from '../src/search-text.ts'
import type { Movie, MovieFacts, MovieStore } from '../src/store.ts'
import { openTestEngine, type TestEngine } from './engine.ts'

describe.each(sqlEngines)('values of films in %s', (on) => {
  let engine: TestEngine
  let store: MovieStore

  async function added(facts: Partial<MovieFacts> & { title: string }): Promise<Movie> {
    const outcome = await store.create({ ...noFacts, ...facts }, () => [])
    if (outcome.kind !== 'created') throw new Error(`${outcome.field} is taken`)
    return outcome.movie
  }
  const readAgain = async ({ id }: Movie) => (await store.byIds([id]))[0]

  beforeAll(async () => {
    engine = await openTestEngine(on)
    store = engine.store
  })
  afterAll(() => engine.close())
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllEnvs()
  })

  it.each(awkward.texts)('keeps %j as it is, in a column and in a list', async (text) => {
    const facts = { title: text, originalTitle: text, overview: text, alternativeTitles: [text, `${text}2`] }
    const movie = await added(facts)
    expect(await readAgain(movie)).toMatchObject(facts)
    const changed = await store.update(
      { id: movie.id, expectedVersion: 1 },
      (present) => ({ ...present, tagline: text }),
      () => [],
    )
    expect(changed).toMatchObject({ kind: 'updated', movie: { ...facts, tagline: text, version: 2 } })
  })

  it('orders titles by their folded code points, whatever their case and accents', async () => {
    const genreIds = [900]
    for (const title of awkward.ordered.toReversed()) await added({ title, genreIds })
    const expected = awkward.ordered
      .map((title) => ({ title, key: Buffer.from(titleKey(title)) }))
      .sort((a, b) => Buffer.compare(a.key, b.key))
    const page = await store.page({ genreIds }, { order: 'TITLE', after: undefined, limit: 100 })
    expect(page.map(({ keys }) => keys.titleKey)).toEqual(expected.map(({ key }) => key.toString()))
    for (const [index, movie] of page.entries()) {
      const after = { key: movie.keys.titleKey, id: movie.id }
      const rest = await store.page({ genreIds }, { order: 'TITLE', after, limit: 100 })
      expect(rest.map(({ id }) => id)).toEqual(page.slice(index + 1).map(({ id }) => id))
    }
  })

  it('finds a title however it is written, and no other', async () => {
    const genreIds = [901]
    for (const title of ['Ærø Straße', 'Ａmélie', 'AMELIA', '神隠し 🎬']) await added({ title, genreIds })
    const found = async (words: string) => {
      const filter = { genreIds, patterns: searchPatterns(words) }
      const page = await store.page(filter, { order: 'TITLE', after: undefined, limit: 10 })
      return page.map(({ title }) => title)
    }
    expect(await found('amélie')).toEqual(['Ａmélie'])
    expect(await found('AMELIE')).toEqual(['Ａmélie'])
    expect(await found('aero STRASSE')).toEqual(['Ærø Straße'])
    expect(await found('隠')).toEqual(['神隠し 🎬'])
    expect(await found('ameliá')).toEqual(['AMELIA'])
  })

  it('tells ids apart by their case, and finds what is taken', async () => {
    await added({ title: 'Cased', imdbId: 'tt7654321' })
    expect(await store.byImdbIds(['TT7654321'])).toEqual([])
    const again = await store.create({ ...noFacts, title: 'Cased again', imdbId: 'tt7654321' }, () => [])
    expect(again).toEqual({ kind: 'taken', field: 'imdbId' })
  })

  it.each(awkward.zones)('keeps milliseconds and days of UTC in a process of %s', async (zone) => {
    vi.stubEnv('TZ', zone)
    expect(new Date('2026-07-01T00:00:00Z').getTimezoneOffset()).not.toBe(0)
    for (const time of awkward.times) {
      vi.useFakeTimers({ toFake: ['Date'], now: new Date(time) })
      const movie = await added({ title: time })
      vi.useRealTimers()
      expect((await readAgain(movie))?.updatedAt.toISOString()).toBe(time)
    }
    for (const releaseDate of awkward.days) {
      expect((await readAgain(await added({ title: releaseDate, releaseDate })))?.releaseDate).toBe(
        releaseDate,
      )
    }
  })

  it.each(awkward.decimals)('keeps %d to its last digit', async (number) => {
    const movie = await added({ title: `Voted ${number}`, voteAverage: number, voteCount: 3 })
    await store.setRatings(new Map([[movie.id, { count: 7, average: number }]]))
    const read = await readAgain(movie)
    expect(read?.voteAverage).toBe(number)
    expect(read?.ratings.average).toBe(number)
    expect(await store.setRatings(new Map([[movie.id, { count: 7, average: number }]]))).toBe(0)
  })

  it('has integers up to 2^31 - 1 and refuses what is beyond', async () => {
    const movie = await added({ title: 'Large', tmdbId: awkward.largestInt, voteCount: awkward.largestInt })
    expect(await readAgain(movie)).toMatchObject({
      tmdbId: awkward.largestInt,
      voteCount: awkward.largestInt,
    })
    const before = await store.count({})
    await expect(added({ title: 'Too large', voteCount: awkward.beyondInt })).rejects.toThrow()
    expect(await store.count({})).toBe(before)
  })

  it('refuses what is longer than its column instead of cutting it', async () => {
    const longest = '🎬'.repeat(300)
    expect((await readAgain(await added({ title: longest })))?.title).toBe(longest)
    await expect(added({ title: `${longest}🎬` })).rejects.toThrow()
    const overview = '🎬'.repeat(10_000)
    expect((await readAgain(await added({ title: 'Long', overview })))?.overview).toBe(overview)
  })
})
