import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from './engines.ts'
import { admin, faults, openService, SAVE_GENRE, type TestService } from './service.ts'

describe.each(engines)('genres on $name', ({ open }) => {
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

  describe('genres', () => {
    const GENRE = 'query ($id: ID, $slug: String) { genre(id: $id, slug: $slug) { id name slug } }'

    test('are found by id and by slug, which is made of the name', async () => {
      const { data } = await save(SAVE_GENRE, { name: '  Sci-Fi & Fantasy  ' })
      const genre = data.saveGenre?.genre
      expect(genre).toEqual({
        id: expect.stringMatching(/^\d+$/),
        name: 'Sci-Fi & Fantasy',
        slug: 'sci-fi-fantasy',
      })
      expect((await ask(GENRE, { id: genre?.id })).data.genre).toEqual(genre)
      expect((await ask(GENRE, { slug: 'sci-fi-fantasy' })).data.genre).toEqual(genre)
      expect((await ask(GENRE, { slug: 'no-such' })).data.genre).toBeNull()
      expect((await ask(GENRE, { id: '2147483647' })).data.genre).toBeNull()
    })

    test('are asked for by exactly one of the two', async () => {
      for (const variables of [
        {},
        { id: '1', slug: 'x' },
        { id: null, slug: null },
        { id: 'x' },
        { id: '-1' },
      ]) {
        const { errors } = await ask(GENRE, variables)
        expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
      }
    })

    test('keep their slug when they are renamed, unless they are given another', async () => {
      const id = await service.addGenre('Old West')
      const renamed = await save(SAVE_GENRE, { id, name: 'Western Film' })
      expect(renamed.data.saveGenre).toEqual({
        genre: { id, name: 'Western Film', slug: 'old-west' },
        errors: [],
      })
      const moved = await save(SAVE_GENRE, { id, name: 'Western Film', slug: 'western-film' })
      expect(moved.data.saveGenre?.genre?.slug).toBe('western-film')
    })

    test('are refused with a name or slug that is taken, empty, too long or no slug, and then nothing changes', async () => {
      await service.addGenre('Crime')
      const before = (await ask('{ genres { id name slug } }')).data
      const refusal = async (input: Record<string, unknown>) => {
        const { data, errors } = await save(SAVE_GENRE, input)
        expect(errors).toBeUndefined()
        expect(data.saveGenre?.genre).toBeNull()
        return faults(data.saveGenre)
      }
      expect(await refusal({ name: 'CRÍME' })).toEqual([['ALREADY_EXISTS', 'name']])
      expect(await refusal({ name: 'Crime!' })).toEqual([['ALREADY_EXISTS', 'name']])
      expect(await refusal({ name: 'Other', slug: 'crime' })).toEqual([['ALREADY_EXISTS', 'slug']])
      expect(await refusal({ name: 'Other', slug: 'Not A Slug' })).toEqual([['INVALID_VALUE', 'slug']])
      expect(await refusal({ name: 'Other', slug: '' })).toEqual([['INVALID_VALUE', 'slug']])
      expect(await refusal({ name: '   ' })).toEqual([['INVALID_VALUE', 'name']])
      expect(await refusal({ name: '!!!' })).toEqual([['INVALID_VALUE', 'name']])
      expect(await refusal({ name: 'x'.repeat(61) })).toEqual([['INVALID_VALUE', 'name']])
      expect(await refusal({ name: 'a\u0000b' })).toEqual([['INVALID_VALUE', 'name']])
      expect(await refusal({ id: '2147483647', name: 'Other' })).toEqual([['NOT_FOUND', 'id']])
      expect((await ask('{ genres { id name slug } }')).data).toEqual(before)
    })
  })

  test('administrators see what they save at once', async () => {
    const { data } = await ask(
      'mutation { a: saveGenre(input: { name: "Once" }) { genre { id } } b: saveGenre(input: { name: "once" }) { errors { code } } }',
      {},
      admin,
    )
    expect(data.a?.genre?.id).toMatch(/^\d+$/)
    expect(data.b?.errors).toEqual([{ code: 'ALREADY_EXISTS' }])
  })
})
