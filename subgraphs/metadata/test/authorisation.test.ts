import { type GraphQLObjectType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from './engines.ts'
import {
  admin,
  FILM,
  film,
  member,
  openService,
  SAVE_ANALYSIS,
  SAVE_CREDITS,
  SAVE_GENRE,
  SAVE_PERSON,
  type TestService,
} from './service.ts'

describe.each(engines)('authorisation on $name', ({ open }) => {
  let service: TestService
  beforeAll(async () => {
    service = await openService(open)
    await service.engine.store.saveMovies({ known: [1], gone: [] })
  })
  afterAll(() => service.close())

  /** Each field of Query and Mutation: who may, and an operation that uses it. */
  const readable = {
    genre: { query: '{ genre(slug: "x") { id name slug } }' },
    genres: { query: '{ genres { id name slug } }' },
    person: {
      query:
        '{ person(id: "1") { id name biography birthday deathday photoUrl knownFor credits { totalCount edges { cursor job character node { id } } } } }',
    },
    people: { query: '{ people { totalCount edges { cursor node { id } } pageInfo { endCursor } } }' },
    _entities: { query: FILM, variables: { ids: [film(1)], first: 5 } },
    _service: { query: '{ _service { sdl } }' },
  }
  const administrative = {
    saveGenre: { query: SAVE_GENRE, variables: { input: { name: 'By matrix' } } },
    savePerson: { query: SAVE_PERSON, variables: { input: { name: 'By matrix' } } },
    saveCredits: {
      query: SAVE_CREDITS,
      variables: { input: { movieId: '1', cast: [], directorIds: [], keywords: ['matrix'] } },
    },
    saveMovieAnalysis: { query: SAVE_ANALYSIS, variables: { input: { movieId: '1', sentiment: 0 } } },
  }
  const viewers = [
    { who: 'nobody', viewer: null },
    { who: 'a member', viewer: member },
    { who: 'an administrator', viewer: admin },
  ]

  test('the matrix names every field of Query and Mutation', () => {
    const fieldsOf = (type: GraphQLObjectType | null | undefined) =>
      isObjectType(type) ? Object.keys(type.getFields()) : []
    const { schema } = service.subgraph
    expect(fieldsOf(schema.getQueryType()).sort()).toEqual(Object.keys(readable).sort())
    expect(fieldsOf(schema.getMutationType()).sort()).toEqual(Object.keys(administrative).sort())
  })

  describe.each(viewers)('$who', ({ viewer }) => {
    test.each(Object.entries(readable))('may read %s', async (_, operation) => {
      const { errors } = await service.request({ ...operation, viewer })
      expect(errors).toBeUndefined()
    })
  })

  describe.each(Object.entries(administrative))('%s', (name, operation) => {
    test('refuses who is signed out and who is no administrator, and then writes nothing', async () => {
      service.engine.statements()
      const signedOut = await service.request({ ...operation, viewer: null })
      expect(signedOut.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
      const refused = await service.request({ ...operation, viewer: member })
      expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN')
      expect(service.engine.statements()).toEqual([])
    })

    test('refuses another service, which reads only', async () => {
      const { errors } = await service.request({ ...operation, service: 'reviews' })
      expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
    })

    test('is done for an administrator', async () => {
      const { data, errors } = await service.request({ ...operation, viewer: admin })
      expect(errors).toBeUndefined()
      expect(data[name]?.errors).toEqual([])
    })
  })
})
