import { sqlEngines } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMovieImporter, type MovieImport, type MovieImporter } from '../src/import.ts'
import { noFacts } from '../src/movies.ts'
import type { MovieStore } from '../src/store.ts'
import { openTestEngine, type TestEngine } from './engine.ts'

const film = (row: Partial<MovieImport> & { title: string }): MovieImport => ({
  alternativeTitles: [],
  genreIds: [],
  countries: [],
  ...row,
})

describe.each(sqlEngines)('a load of films in %s', (on) => {
  let engine: TestEngine
  let store: MovieStore
  let importer: MovieImporter
  const events = async () => (await engine.told()).map(({ key: _, ...event }) => event)

  beforeAll(async () => {
    engine = await openTestEngine(on)
    store = engine.store
    importer = createMovieImporter({ store })
  })
  afterAll(() => engine.close())

  it('gives films the ids they want, counts on beyond them, and tells of each batch once', async () => {
    const rows = Array.from({ length: 2500 }, (_, index) =>
      film({ id: index * 3 + 1, title: `Film ${index}`, imdbId: `tt${1_000_000 + index}`, genreIds: [1, 2] }),
    )
    const ids = await importer.importMovies(rows, 'seed')
    expect(ids).toEqual(rows.map(({ id }) => id))
    expect(await events()).toEqual([
      { type: 'movies_imported', first_id: 1, last_id: 2998, count: 1000, origin: 'seed' },
      { type: 'movies_imported', first_id: 3001, last_id: 5998, count: 1000, origin: 'seed' },
      { type: 'movies_imported', first_id: 6001, last_id: 7498, count: 500, origin: 'seed' },
    ])
    const next = await store.create({ ...noFacts, title: 'Counted on' }, () => [])
    expect(next).toMatchObject({ kind: 'created', movie: { id: 7499 } })
    expect((await store.countsOfGenres([2])).get(2)).toBe(2500)

    expect(await importer.importMovies(rows, 'seed')).toEqual(ids)
    expect(await events()).toHaveLength(3)
  })

  it('completes a film with what a second load knows, and forgets nothing for what it does not', async () => {
    const [id] = await importer.importMovies([
      film({ title: 'Heat', year: 1995, imdbId: 'tt0113277', genreIds: [7], countries: ['US'] }),
    ])
    const [again] = await importer.importMovies([
      film({ title: 'Heat', tmdbId: 949, imdbId: 'tt0113277', runtime: 170, countries: ['us', 'XC', '??'] }),
    ])
    expect(again).toBe(id)
    expect((await store.byIds([id ?? 0]))[0]).toMatchObject({
      year: 1995,
      tmdbId: 949,
      runtime: 170,
      genreIds: [7],
      countries: ['US', 'CS'],
      version: 2,
    })
    const [byTmdb] = await importer.importMovies([film({ title: 'Heat (restored)', tmdbId: 949 })])
    expect(byTmdb).toBe(id)
  })

  it('takes title and year for one film, unless ids say otherwise', async () => {
    const [first] = await importer.importMovies([film({ title: 'Saturn 3', year: 1980 })])
    const ids = await importer.importMovies([
      film({ title: 'SATURN 3', year: 1980, imdbId: 'tt0079285' }),
      film({ title: 'Saturn 3', year: 1980, imdbId: 'tt9999999' }),
      film({ title: 'Saturn 3', year: 1981 }),
      film({ title: 'Saturn 3', year: 1981, tmdbId: 77 }),
    ])
    expect(ids[0]).toBe(first)
    expect(ids[1]).not.toBe(first)
    expect(ids[2]).not.toBe(first)
    expect(ids[3]).toBe(ids[2])
    expect(new Set(ids).size).toBe(3)
  })

  it('gives another id when the wanted one belongs to another film', async () => {
    const [wanted] = await importer.importMovies([film({ id: 90_000, title: 'Here first' })])
    expect(wanted).toBe(90_000)
    const ids = await importer.importMovies([
      film({ id: 90_000, title: 'Someone else', imdbId: 'tt5550001' }),
      film({ id: 90_000, title: 'Here first', runtime: 90 }),
    ])
    expect(ids[0]).toBeGreaterThan(90_000)
    expect(ids[1]).toBe(90_000)
  })

  it('leaves an id of TMDB with the film that had it first', async () => {
    const ids = await importer.importMovies([
      film({ title: 'Confessions', year: 2002, tmdbId: 4912, imdbId: 'tt0290538' }),
      film({ title: 'Confessions', year: 2002, tmdbId: 4912, imdbId: 'tt0270288' }),
    ])
    expect(new Set(ids).size).toBe(2)
    const movies = await store.byIds(ids)
    expect(movies.map(({ tmdbId }) => tmdbId).sort()).toEqual([4912, null])
  })

  it('keeps the ratings of a film that a load changes', async () => {
    const [id = 0] = await importer.importMovies([film({ title: 'Rated', imdbId: 'tt7000001' })])
    await store.setRatings(new Map([[id, { count: 4, average: 4.5 }]]))
    await importer.importMovies([film({ title: 'Rated', imdbId: 'tt7000001', voteCount: 50 })])
    const [movie] = await store.byIds([id])
    expect(movie?.ratings).toEqual({ count: 4, average: 4.5 })
    expect(movie?.keys.popularity).toBeCloseTo(Math.log(1 + 5 + 4), 12)
  })

  it('writes nothing when a row is broken, and names it', async () => {
    const rows = [film({ title: 'Fine' }), film({ title: '', imdbId: 'nm1' })]
    await expect(importer.importMovies(rows)).rejects.toThrow(/"path": \[\s+1,\s+"imdbId"/)
    expect(await store.count({ patterns: ['%fine%'] })).toBe(0)
  })

  it('stands beside films that are added at the same time', async () => {
    const [loaded, created] = await Promise.all([
      importer.importMovies(
        Array.from({ length: 300 }, (_, index) => film({ title: `Loaded ${index}`, id: 100_000 + index })),
      ),
      Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          store.create({ ...noFacts, title: `Added ${index}` }, () => []),
        ),
      ),
    ])
    const ids = [...loaded, ...created.map((outcome) => (outcome.kind === 'created' ? outcome.movie.id : 0))]
    expect(new Set(ids).size).toBe(330)
  })
})
