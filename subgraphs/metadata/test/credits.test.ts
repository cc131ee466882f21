import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from './engines.ts'
import { FILM, faults, film, list, openService, SAVE_CREDITS, type TestService, text } from './service.ts'

describe.each(engines)('credits on $name', ({ open }) => {
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

  describe('credits', () => {
    test('name a film’s cast in order of billing, directors and keywords', async () => {
      const [ann, bob, cy] = [
        await service.addPerson('Ann Act'),
        await service.addPerson('Bob Both'),
        await service.addPerson('Cy Call'),
      ]
      const { data, errors } = await save(SAVE_CREDITS, {
        movieId: '1',
        cast: [
          { personId: bob, character: ' The Boss ' },
          { personId: ann },
          { personId: bob, character: 'His twin' },
        ],
        directorIds: [cy, bob],
        keywords: ['heist', ' twins ', 'heist'],
      })
      expect(errors).toBeUndefined()
      expect(data.saveCredits).toEqual({
        movie: {
          id: '1',
          cast: {
            edges: [
              { character: 'The Boss', node: { id: bob, name: 'Bob Both' } },
              { character: null, node: { id: ann, name: 'Ann Act' } },
              { character: 'His twin', node: { id: bob, name: 'Bob Both' } },
            ],
          },
          directors: [
            { id: cy, name: 'Cy Call' },
            { id: bob, name: 'Bob Both' },
          ],
          keywords: ['heist', 'twins'],
        },
        errors: [],
      })
    })

    test('page through the cast, and through a person’s films with those that are gone as null', async () => {
      const ids = await Promise.all(
        Array.from({ length: 5 }, (_, index) => service.addPerson(`Extra ${index}`)),
      )
      for (const movieId of ['2', '3'])
        await save(SAVE_CREDITS, {
          movieId,
          cast: ids.map((personId, index) => ({ personId, character: `Number ${index}` })),
          directorIds: movieId === '3' ? [ids[0]] : [],
          keywords: [],
        })
      const seen: string[] = []
      let after: string | null = null
      do {
        const { data } = await ask(FILM, { ids: [film(2)], first: 2, after })
        const cast = data._entities?.[0]?.cast
        expect(cast?.totalCount).toBe(5)
        seen.push(...list(cast?.edges).map(({ character }) => text(character)))
        after = cast?.pageInfo?.hasNextPage ? text(cast.pageInfo.endCursor) : null
      } while (after)
      expect(seen).toEqual(['Number 0', 'Number 1', 'Number 2', 'Number 3', 'Number 4'])

      await service.engine.store.saveMovies({ known: [], gone: [2] })
      const CREDITS = `query ($id: ID!, $after: String) { person(id: $id) { credits(first: 2, after: $after) {
      totalCount pageInfo { hasNextPage endCursor } edges { job character node { id } } } } }`
      const first = (await ask(CREDITS, { id: ids[0] })).data.person?.credits
      expect(first).toMatchObject({
        totalCount: 3,
        pageInfo: { hasNextPage: true },
        edges: [
          { job: 'ACTOR', character: 'Number 0', node: { id: '3' } },
          { job: 'DIRECTOR', character: null, node: { id: '3' } },
        ],
      })
      const second = (await ask(CREDITS, { id: ids[0], after: first?.pageInfo?.endCursor })).data.person
        ?.credits
      expect(second).toMatchObject({
        pageInfo: { hasNextPage: false },
        edges: [{ job: 'ACTOR', character: 'Number 0', node: null }],
      })
      const wrong = Buffer.from('["FILM",1,"EXTRA",1]').toString('base64url')
      expect((await ask(CREDITS, { id: ids[0], after: wrong })).errors?.[0]?.extensions.code).toBe(
        'BAD_USER_INPUT',
      )
    })

    test('are refused for unknown films and people and for lists too long, and then nothing changes', async () => {
      const id = await service.addPerson('Dee Known')
      await save(SAVE_CREDITS, {
        movieId: '4',
        cast: [{ personId: id }],
        directorIds: [],
        keywords: ['kept'],
      })
      const codes = async (input: Record<string, unknown>) => {
        const { data } = await save(SAVE_CREDITS, {
          movieId: '4',
          cast: [],
          directorIds: [],
          keywords: [],
          ...input,
        })
        expect(data.saveCredits?.movie).toBeNull()
        return faults(data.saveCredits)
      }
      const nobody = '2147483647'
      expect(await codes({ movieId: nobody })).toEqual([['NOT_FOUND', 'movieId']])
      expect(await codes({ cast: [{ personId: id }, { personId: nobody }], directorIds: [nobody] })).toEqual([
        ['NOT_FOUND', 'cast', '1', 'personId'],
        ['NOT_FOUND', 'directorIds', '0'],
      ])
      expect(await codes({ cast: Array.from({ length: 501 }, () => ({ personId: id })) })).toEqual([
        ['INVALID_VALUE', 'cast'],
      ])
      expect(await codes({ directorIds: [id, id] })).toEqual([['INVALID_VALUE', 'directorIds']])
      expect(await codes({ keywords: ['ok', ''] })).toEqual([['INVALID_VALUE', 'keywords', '1']])
      expect(await codes({ cast: [{ personId: id, character: 'x'.repeat(301) }] })).toEqual([
        ['INVALID_VALUE', 'cast', '0', 'character'],
      ])
      const { data } = await ask(FILM, { ids: [film(4)], first: 5 })
      expect(data._entities?.[0]).toMatchObject({ keywords: ['kept'], cast: { totalCount: 1 } })
      const { errors } = await save(SAVE_CREDITS, { movieId: 'x', cast: [], directorIds: [], keywords: [] })
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
    })

    test('of 500 people are taken', async () => {
      const id = await service.addPerson('Crowd')
      const cast = Array.from({ length: 500 }, (_, index) => ({ personId: id, character: `Face ${index}` }))
      const { data } = await save(SAVE_CREDITS, { movieId: '5', cast, directorIds: [], keywords: [] })
      expect(data.saveCredits?.errors).toEqual([])
      expect((await ask(FILM, { ids: [film(5)], first: 1 })).data._entities?.[0]?.cast?.totalCount).toBe(500)
    })
  })
})
