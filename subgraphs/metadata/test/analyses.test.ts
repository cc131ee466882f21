import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from './engines.ts'
import { faults, openService, SAVE_ANALYSIS, type TestService } from './service.ts'

describe.each(engines)('analyses on $name', ({ open }) => {
  let service: TestService
  let save: TestService['save']
  beforeAll(async () => {
    service = await openService(open)
    save = service.save
    await service.engine.store.saveMovies({ known: [1, 2, 3, 4, 5], gone: [] })
  })
  afterAll(() => service.close())

  describe('analyses', () => {
    test('keep what is not named, lose what is null, and name genres', async () => {
      const genreId = await service.addGenre('Predicted')
      const first = await save(SAVE_ANALYSIS, {
        movieId: '1',
        sentiment: -0.5,
        summary: 'Gloomy.',
        predictedGenres: [{ genreId, probability: 0.75 }],
        sources: ['https://example.org/review'],
      })
      expect(first.errors).toBeUndefined()
      expect(first.data.saveMovieAnalysis).toEqual({
        analysis: {
          sentiment: -0.5,
          summary: 'Gloomy.',
          sources: ['https://example.org/review'],
          updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
          predictedGenres: [{ probability: 0.75, genre: { id: genreId, name: 'Predicted' } }],
        },
        errors: [],
      })
      const second = await save(SAVE_ANALYSIS, { movieId: '1', summary: null, predictedGenres: null })
      expect(second.data.saveMovieAnalysis?.analysis).toMatchObject({
        sentiment: -0.5,
        summary: null,
        sources: ['https://example.org/review'],
        predictedGenres: [],
      })
    })

    test('are refused outside their ranges and for unknown films and genres', async () => {
      const genreId = await service.addGenre('Ranged')
      const codes = async (input: Record<string, unknown>) => {
        const { data } = await save(SAVE_ANALYSIS, { movieId: '1', ...input })
        expect(data.saveMovieAnalysis?.analysis).toBeNull()
        return faults(data.saveMovieAnalysis)
      }
      expect(await codes({ sentiment: 1.01 })).toEqual([['INVALID_VALUE', 'sentiment']])
      expect(await codes({ sentiment: -1.01 })).toEqual([['INVALID_VALUE', 'sentiment']])
      expect(await codes({ predictedGenres: [{ genreId, probability: 1.5 }] })).toEqual([
        ['INVALID_VALUE', 'predictedGenres', '0', 'probability'],
      ])
      const twice = [
        { genreId, probability: 0.5 },
        { genreId, probability: 0.4 },
      ]
      expect(await codes({ predictedGenres: twice })).toEqual([['INVALID_VALUE', 'predictedGenres']])
      expect(await codes({ predictedGenres: [{ genreId: '2147483647', probability: 0.5 }] })).toEqual([
        ['NOT_FOUND', 'predictedGenres', '0', 'genreId'],
      ])
      expect(await codes({ movieId: '2147483647' })).toEqual([['NOT_FOUND', 'movieId']])
    })
  })
})
