import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { told, toldOfImport } from '../src/events.ts'
import type { MetadataStore } from '../src/store.ts'
import { engines, type TestEngine } from './engines.ts'

describe.each(engines)('the metadata store on $name', ({ open }) => {
  let engine: TestEngine
  let store: MetadataStore

  beforeAll(async () => {
    engine = await open()
    store = engine.store
  })
  afterAll(() => engine.close())

  const addGenre = async (name: string, slug: string) => {
    const outcome = await store.saveGenre(undefined, () => ({ name, slug }), told.genre)
    if (outcome.kind !== 'saved') throw new Error(outcome.kind)
    return outcome.genre
  }

  describe('genres', () => {
    test('are found by id and slug, and listed by name without regard to case and accents', async () => {
      const western = await addGenre('western', 'western')
      const epic = await addGenre('Épopée', 'epopee')
      const anime = await addGenre('Anime', 'anime')
      expect(await store.genresByIds([western.id, 999_999])).toEqual([western])
      expect(await store.genresBySlugs(['epopee', 'nothing'])).toEqual([epic])
      const names = (await store.genres()).map(({ name }) => name)
      expect(names.indexOf(anime.name)).toBeLessThan(names.indexOf(epic.name))
      expect(names.indexOf(epic.name)).toBeLessThan(names.indexOf(western.name))
    })

    test('raise their version with each write', async () => {
      const genre = await addGenre('Noir', 'noir')
      expect(genre.version).toBe(1)
      const outcome = await store.saveGenre(
        genre.id,
        (present) => ({ name: 'Film noir', slug: present?.slug ?? '' }),
        told.genre,
      )
      expect(outcome).toEqual({
        kind: 'saved',
        genre: { id: genre.id, name: 'Film noir', slug: 'noir', version: 2 },
      })
    })

    test('refuse a name that differs from another in case and accents only, a taken slug, and an unknown id', async () => {
      await addGenre('Comédie', 'comedie')
      const save = (name: string, slug: string, id?: number) =>
        store.saveGenre(id, () => ({ name, slug }), told.genre)
      expect(await save('COMEDIE', 'other')).toEqual({ kind: 'name-taken' })
      expect(await save('Something', 'comedie')).toEqual({ kind: 'slug-taken' })
      expect(await save('Nothing', 'nothing', 999_999)).toEqual({ kind: 'unknown' })
    })

    test('of which one of 20 equal ones written at once is kept', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, () =>
          store.saveGenre(undefined, () => ({ name: 'Heist', slug: 'heist' }), told.genre),
        ),
      )
      expect(outcomes.filter(({ kind }) => kind === 'saved')).toHaveLength(1)
    })

    test('are imported once, in the order asked, and told of once', async () => {
      const batches: unknown[] = []
      const tell = (batch: unknown) => {
        batches.push(batch)
        return []
      }
      const rows = [
        { name: 'Giallo', slug: 'giallo' },
        { name: 'Kaiju', slug: 'kaiju' },
      ]
      const ids = await store.importGenres(rows, tell)
      expect(await store.importGenres([...rows].reverse(), tell)).toEqual([...ids].reverse())
      expect(await store.importGenres([{ name: 'GIALLO', slug: 'other' }], tell)).toEqual([ids[0]])
      expect(batches).toEqual([{ firstId: ids[0], lastId: ids[1], count: 2 }])
    })
  })

  describe('analyses', () => {
    test('are written from what is there, one after another', async () => {
      const at = new Date('2024-02-29T12:00:00.000Z')
      const add = () =>
        store.saveAnalysis(
          501,
          (present) => ({
            movieId: 501,
            sentiment: (present?.sentiment ?? 0) + 0.0625,
            summary: 'Short.',
            predictedGenres: [{ genreId: 1, probability: 0.25 }],
            sources: ['https://example.org/'],
            updatedAt: at,
          }),
          told.analysis,
        )
      await Promise.all(Array.from({ length: 8 }, add))
      expect(await store.analyses([501])).toEqual([
        {
          movieId: 501,
          sentiment: 0.5,
          summary: 'Short.',
          predictedGenres: [{ genreId: 1, probability: 0.25 }],
          sources: ['https://example.org/'],
          updatedAt: at,
          version: 8,
        },
      ])
    })
  })

  describe('films', () => {
    test('are known until they are gone', async () => {
      await store.saveMovies({ known: [601, 602], gone: [] })
      await store.saveMovies({ known: [602], gone: [601, 603] })
      expect(await store.knownMovies([601, 602, 603])).toEqual(new Set([602]))
      expect(await store.goneMovies({ first: 600, last: 601 })).toEqual([601])
      await store.saveMovies({ known: [601], gone: [] })
      expect(await store.goneMovies({ first: 600, last: 700 })).toEqual([603])
    })
  })

  test('a write whose events break their contract is not made', async () => {
    const broken = () => [
      {
        topic: 'movieverse.metadata',
        key: 1,
        data: { type: 'genre_saved' as const, genre_id: -1, version: 1 },
      },
    ]
    await expect(store.saveGenre(undefined, () => ({ name: 'Lost', slug: 'lost' }), broken)).rejects.toThrow()
    expect(await store.genresBySlugs(['lost'])).toEqual([])
    await expect(
      store.importPeople([{ name: 'Lost Person' }], toldOfImport('people_imported', 'seed')),
    ).resolves.toHaveLength(1)
  })

  test('opens again, and by several at once, with everything there', async () => {
    const genre = await addGenre('Kept', 'kept')
    const opened = await Promise.all([engine.reopen(), engine.reopen(), engine.reopen()])
    for (const { store: other } of opened) {
      expect(await other.genresByIds([genre.id])).toEqual([genre])
      await other.ping()
      await other.close()
    }
  })
})
