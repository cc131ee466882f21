import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from './engines.ts'
import {
  FILM,
  film,
  list,
  openService,
  SAVE_ANALYSIS,
  SAVE_CREDITS,
  type TestService,
  text,
} from './service.ts'

describe.each(engines)('metadata on $name', ({ open }) => {
  let service: TestService
  let ask: TestService['ask']
  let save: TestService['save']
  beforeAll(async () => {
    service = await openService(open)
    ask = service.ask
    save = service.save
    await service.engine.store.saveMovies({ known: [1, 2, 3, 4, 5], gone: [] })
  })
  afterAll(() => service.close())

  describe('entities', () => {
    test('that are gone or malformed are null, and a film without credits has empty ones', async () => {
      const { data, errors } = await ask(
        `query ($ids: [_Any!]!) { _entities(representations: $ids) {
        __typename ... on Genre { name } ... on Person { name } ... on Movie { id keywords directors { id } analysis { sentiment } cast { totalCount edges { cursor } } }
      } }`,
        {
          ids: [
            { __typename: 'Genre', id: '2147483647' },
            { __typename: 'Person', id: 'x' },
            { __typename: 'Person', id: '99999999999' },
            { __typename: 'Movie', id: '777' },
          ],
        },
      )
      expect(errors).toBeUndefined()
      expect(data._entities).toEqual([
        null,
        null,
        null,
        {
          __typename: 'Movie',
          id: '777',
          keywords: [],
          directors: [],
          analysis: null,
          cast: { totalCount: 0, edges: [] },
        },
      ])
    })

    test('take as many statements for a hundred films as for one', async () => {
      const people = await Promise.all(
        Array.from({ length: 12 }, (_, index) => service.addPerson(`Many ${index}`)),
      )
      const genreId = await service.addGenre('Many')
      const known = Array.from({ length: 100 }, (_, index) => 1000 + index)
      await service.engine.store.saveMovies({ known, gone: [] })
      for (const [index, movieId] of known.entries()) {
        const cast = people.map((personId) => ({ personId })).slice(index % 6)
        await save(SAVE_CREDITS, {
          movieId: String(movieId),
          cast,
          directorIds: [people[index % 12]],
          keywords: ['k'],
        })
        await save(SAVE_ANALYSIS, {
          movieId: String(movieId),
          predictedGenres: [{ genreId, probability: 0.5 }],
        })
      }
      const count = async (ids: readonly number[]) => {
        service.engine.statements()
        const { errors } = await ask(FILM, { ids: ids.map(film), first: 20 })
        expect(errors).toBeUndefined()
        return service.engine.statements().length
      }
      const one = await count(known.slice(0, 1))
      expect(await count(known)).toBe(one)
      expect(one).toBeLessThanOrEqual(4)
    })

    test('take as many statements for twelve people with their films as for one', async () => {
      const { data } = await ask('{ people(query: "many", first: 100) { edges { node { id } } } }')
      const ids = list(data.people?.edges).map(({ node }) => text(node?.id))
      const count = async (some: readonly string[]) => {
        service.engine.statements()
        const { errors } = await ask(
          'query ($ids: [_Any!]!) { _entities(representations: $ids) { ... on Person { name credits { totalCount edges { node { id } } } } } }',
          { ids: some.map((id) => ({ __typename: 'Person', id })) },
        )
        expect(errors).toBeUndefined()
        return service.engine.statements().length
      }
      expect(ids).toHaveLength(12)
      expect(await count(ids)).toBe(await count(ids.slice(0, 1)))
    })
  })
})
