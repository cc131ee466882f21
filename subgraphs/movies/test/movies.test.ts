import { sqlEngines } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { admin, CREATE, FACTS, type MoviesHarness, openMovies } from './harness.ts'

describe.each(sqlEngines)('films in %s', (engine) => {
  let on: MoviesHarness
  beforeAll(async () => {
    on = await openMovies(engine)
    for (const id of [1, 2, 3]) on.neighbours.genres.add(id)
  })
  afterAll(() => on.close())

  const heat = {
    title: ' Heat ',
    originalTitle: 'Heat',
    alternativeTitles: ['Fuego contra fuego', 'Heat – Eine Stadt', 'Fuego contra fuego'],
    tmdbId: '949',
    imdbId: 'tt0113277',
    overview: 'Two men.\nOne city.',
    tagline: '',
    releaseDate: '1995-12-15',
    runtime: 170,
    genreIds: ['3', '1'],
    originalLanguage: 'en',
    countries: ['US'],
    posterUrl: 'https://example.org/heat.jpg',
  }

  describe('adding a film', () => {
    it('answers every fact of it, and tells of it', async () => {
      const { movie, errors } = await on.create(heat)
      expect(errors).toEqual([])
      expect(movie).toEqual({
        ...heat,
        id: expect.stringMatching(/^\d+$/),
        title: 'Heat',
        alternativeTitles: ['Fuego contra fuego', 'Heat – Eine Stadt'],
        tagline: null,
        year: 1995,
        genres: [{ id: '3' }, { id: '1' }],
        genreIds: undefined,
        popularity: 0,
        voteCount: null,
        voteAverage: null,
        version: 1,
        updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      })
      expect((await on.told()).at(-1)).toEqual({
        type: 'movie_created',
        movie_id: Number(movie?.id),
        title: 'Heat',
        version: 1,
        key: movie?.id,
        origin: 'user',
      })
      for (const by of [`id: "${movie?.id}"`, 'tmdbId: "949"', 'imdbId: "tt0113277"']) {
        const { data } = await on.ask(`{ movie(${by}) { ${FACTS} } }`)
        expect(data.movie).toEqual(movie)
      }
    })

    it('refuses ids that another film has', async () => {
      const { movie } = await on.create({ title: 'Taken', tmdbId: '1001', imdbId: 'tt0001001' })
      expect(movie).not.toBeNull()
      for (const [field, value] of [
        ['tmdbId', '1001'],
        ['imdbId', 'tt0001001'],
      ] as const) {
        expect(await on.create({ title: 'Taker', [field]: value })).toMatchObject({
          movie: null,
          errors: [{ code: 'ALREADY_EXISTS', field: [field] }],
        })
      }
    })

    it.each([
      ['no title', { title: '   ' }, 'title'],
      ['a title that is too long', { title: 'x'.repeat(301) }, 'title'],
      ['a title with control characters', { title: 'a\u0007b' }, 'title'],
      ['a runtime of nothing', { runtime: 0 }, 'runtime'],
      ['a runtime of days', { runtime: 1001 }, 'runtime'],
      ['a language that is none', { originalLanguage: 'english' }, 'originalLanguage'],
      ['a language that ISO 639-1 does not have', { originalLanguage: 'xx' }, 'originalLanguage'],
      ['a country that is none', { countries: ['US', 'ZZ'] }, 'countries'],
      ['an IMDb id that is none', { imdbId: 'nm0000123' }, 'imdbId'],
      ['a TMDB id that is none', { tmdbId: '-5' }, 'tmdbId'],
      ['a TMDB id that is too large', { tmdbId: '9999999999' }, 'tmdbId'],
      ['a date before there was film', { releaseDate: '1869-12-31' }, 'releaseDate'],
      ['a date in a far future', { releaseDate: '2400-01-01' }, 'releaseDate'],
      ['a genre that is no id', { genreIds: ['drama'] }, 'genreIds'],
      ['a genre that does not exist', { genreIds: ['1', '999'] }, 'genreIds'],
      [
        'too many titles',
        { alternativeTitles: Array.from({ length: 51 }, (_, i) => `T${i}`) },
        'alternativeTitles',
      ],
    ])('refuses %s and names the field', async (_, input, field) => {
      const told = (await on.told()).length
      const { movie, errors } = await on.create({ title: 'Wrong', ...input })
      expect(movie).toBeNull()
      expect(errors[0]).toMatchObject({ code: 'INVALID_VALUE', message: expect.stringMatching(/\w/) })
      expect(errors[0]?.field?.[0]).toBe(field)
      expect(await on.told()).toHaveLength(told)
    })

    it('names every fault at once', async () => {
      const { errors } = await on.create({ title: '', runtime: 0, countries: ['Germany'] })
      expect(errors.map(({ field }) => field?.[0])).toEqual(['title', 'runtime', 'countries'])
    })

    it.each([
      ['a date that does not exist', { releaseDate: '1995-02-30' }],
      ['an address that is none', { posterUrl: 'javascript:alert(1)' }],
    ])('refuses %s as the caller’s fault', async (_, input) => {
      const { errors } = await on.ask(CREATE, { input: { title: 'Wrong', ...input } }, admin)
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
    })

    it('takes a genre that no event has told of yet', async () => {
      on.neighbours.genres.add(77)
      expect((await on.create({ title: 'Early', genreIds: ['77'] })).errors).toEqual([])
      const asked = on.neighbours.asked.length
      expect((await on.create({ title: 'Early too', genreIds: ['77'] })).errors).toEqual([])
      expect(on.neighbours.asked).toHaveLength(asked)
    })
  })

  describe('changing a film', () => {
    it('changes what is given and leaves the rest, one version further', async () => {
      const { movie } = await on.create({
        title: 'Draft',
        runtime: 90,
        countries: ['FR'],
        releaseDate: '2001-04-25',
      })
      const { movie: changed, errors } = await on.update({
        id: movie?.id,
        expectedVersion: 1,
        title: 'Final',
        runtime: null,
        genreIds: ['2'],
      })
      expect(errors).toEqual([])
      expect(changed).toMatchObject({
        id: movie?.id,
        title: 'Final',
        runtime: null,
        countries: ['FR'],
        releaseDate: '2001-04-25',
        genres: [{ id: '2' }],
        version: 2,
      })
      expect((await on.told()).at(-1)).toMatchObject({ type: 'movie_updated', title: 'Final', version: 2 })
      expect(await on.titles('filter: { text: "draft" }')).toEqual([])
      expect(await on.titles('filter: { text: "final" }')).toEqual(['Final'])
      const undated = await on.update({
        id: movie?.id,
        expectedVersion: 2,
        releaseDate: null,
        countries: null,
      })
      expect(undated.movie).toMatchObject({ releaseDate: null, year: null, countries: [], version: 3 })
    })

    it('is refused to all but one of those who change the same version', async () => {
      const { movie } = await on.create({ title: 'Contested' })
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          on.update({ id: movie?.id, expectedVersion: 1, title: `Contested ${index}` }),
        ),
      )
      const codes = answers.flatMap(({ errors }) => errors.map(({ code }) => code))
      expect(codes).toEqual(Array(9).fill('CONFLICT'))
      const stale = await on.update({ id: movie?.id, expectedVersion: 7, title: 'Never' })
      expect(stale).toMatchObject({ errors: [{ code: 'CONFLICT', field: ['expectedVersion'] }] })
      expect(stale.movie?.version).toBe(2)
      const updates = (await on.told()).filter(
        ({ type, movie_id }) => type === 'movie_updated' && movie_id === Number(movie?.id),
      )
      expect(updates).toHaveLength(1)
    })

    it('refuses what is wrong, what is taken, and what is not there', async () => {
      await on.create({ title: 'Holder', imdbId: 'tt7654321' })
      const { movie } = await on.create({ title: 'Other' })
      const target = { id: movie?.id, expectedVersion: 1 }
      expect((await on.update({ ...target, imdbId: 'tt7654321' })).errors).toMatchObject([
        { code: 'ALREADY_EXISTS', field: ['imdbId'] },
      ])
      expect((await on.update({ ...target, title: '' })).errors).toMatchObject([{ code: 'INVALID_VALUE' }])
      expect((await on.update({ ...target, title: null })).errors).toMatchObject([
        { code: 'INVALID_VALUE', field: ['title'] },
      ])
      expect((await on.update({ id: '999999', expectedVersion: 1, title: 'X' })).errors).toMatchObject([
        { code: 'NOT_FOUND', field: ['id'] },
      ])
      const { data } = await on.ask(`{ movie(id: "${movie?.id}") { title version } }`)
      expect(data.movie).toEqual({ title: 'Other', version: 1 })
    })
  })

  describe('asking for a film', () => {
    it.each([
      '{ movie { id } }',
      '{ movie(id: "1", tmdbId: "2") { id } }',
      '{ movie(id: null) { id } }',
      '{ movie(id: "x") { id } }',
    ])('refuses %s as the caller’s fault', async (query) => {
      const { data, errors } = await on.ask(query)
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
      expect(data).toEqual({ movie: null })
    })

    it('answers null for one that is not there', async () => {
      const { data, errors } = await on.ask(
        '{ a: movie(id: "999999") { id } b: movie(tmdbId: "999999") { id } c: movie(imdbId: "tt99\\u00009") { id } }',
      )
      expect(errors).toBeUndefined()
      expect(data).toEqual({ a: null, b: null, c: null })
    })
  })
})
