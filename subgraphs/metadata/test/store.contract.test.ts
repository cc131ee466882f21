import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { told, toldOfImport } from '../src/events.ts'
import { nameKey } from '../src/names.ts'
import type { MetadataStore, PersonFacts } from '../src/store.ts'
import { engines, type TestEngine } from './engines.ts'

const person = (name: string, more: Partial<PersonFacts> = {}): PersonFacts => ({
  name,
  biography: null,
  birthday: null,
  deathday: null,
  photoUrl: null,
  knownFor: null,
  tmdbPersonId: null,
  ...more,
})
const quiet = () => []

describe.each(engines)('the metadata store on $name', ({ open }) => {
  let engine: TestEngine
  let store: MetadataStore

  beforeAll(async () => {
    engine = await open()
    store = engine.store
  })
  afterAll(() => engine.close())
  beforeEach(() => void engine.statements())

  const addGenre = async (name: string, slug: string) => {
    const outcome = await store.saveGenre(undefined, () => ({ name, slug }), told.genre)
    if (outcome.kind !== 'saved') throw new Error(outcome.kind)
    return outcome.genre
  }
  const addPerson = async (facts: PersonFacts) => {
    const saved = await store.savePerson(undefined, () => facts, told.person)
    if (!saved) throw new Error('not saved')
    return saved
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

  describe('people', () => {
    test('keep every fact, and lose those that a write takes away', async () => {
      const facts = person('Agnès Varda', {
        biography: 'Filmed.\nAnd filmed.',
        birthday: '1928-05-30',
        deathday: '2019-03-29',
        photoUrl: 'https://example.org/varda.jpg',
        knownFor: 'Directing',
      })
      const saved = await addPerson(facts)
      expect(await store.peopleByIds([saved.id])).toEqual([{ ...facts, id: saved.id, version: 1 }])
      await store.savePerson(saved.id, () => person('Agnès Varda'), told.person)
      expect(await store.peopleByIds([saved.id])).toEqual([
        { ...person('Agnès Varda'), id: saved.id, version: 2 },
      ])
      expect(await store.savePerson(999_999, () => facts, told.person)).toBeNull()
    })

    test('are found by the beginning of any word of the name', async () => {
      await addPerson(person('Zoë Quenneville'))
      await addPerson(person("Siobhán O'Quillan"))
      await addPerson(person('Søren Åquist-Łyk'))
      const find = async (...words: string[]) =>
        (await store.people({ words, after: undefined, limit: 10 })).map(({ name }) => name)
      expect(await find('quenn')).toEqual(['Zoë Quenneville'])
      expect(await find('quill')).toEqual(["Siobhán O'Quillan"])
      expect(await find('oquillan')).toEqual(["Siobhán O'Quillan"])
      expect(await find('soren')).toEqual(['Søren Åquist-Łyk'])
      expect(await find('lyk', 'aq')).toEqual(['Søren Åquist-Łyk'])
      expect(await find('uenn')).toEqual([])
      expect(await find('quenn', 'soren')).toEqual([])
      expect(await store.countPeople(['quenn'])).toBe(1)
    })

    test('take words that mean something to the engine as words', async () => {
      for (const word of ["'", '\\', "a'b", '!', '&', '|', '(', ':*', '%', '_', '$1', '.*'])
        expect(await store.people({ words: [word], after: undefined, limit: 1 })).toEqual([])
    })

    test('come page by page in the order of their names, each once, also with equal names', async () => {
      const names = ['Pager Ulla', 'pager Anna', 'Pager Ánna', 'Pager Anna', 'Pager Zita', 'PAGER Öla']
      for (const name of names) await addPerson(person(name))
      const seen: string[] = []
      let after: { key: string; id: number } | undefined
      for (;;) {
        const page = await store.people({ words: ['pager'], after, limit: 2 })
        seen.push(...page.map(({ name }) => name))
        const last = page.at(-1)
        if (page.length < 2 || !last) break
        after = { key: nameKey(last.name), id: last.id }
      }
      expect(seen).toEqual([
        'pager Anna',
        'Pager Ánna',
        'Pager Anna',
        'PAGER Öla',
        'Pager Ulla',
        'Pager Zita',
      ])
    })

    test('are imported by TMDB id, else by name, and someone known by name alone takes an id that turns up', async () => {
      const [bob, ann] = await store.importPeople(
        [{ name: 'Bob Import' }, { tmdbPersonId: 70_001, name: 'Ann Import' }],
        quiet,
      )
      const again = await store.importPeople(
        [
          { tmdbPersonId: 70_002, name: 'BOB IMPORT' },
          { name: 'Ann Import' },
          { tmdbPersonId: 70_001, name: 'Ann Renamed' },
          { tmdbPersonId: 70_003, name: 'Bob Import' },
        ],
        quiet,
      )
      expect(again.slice(0, 3)).toEqual([bob, ann, ann])
      expect(again[3]).not.toBe(bob)
      const [kept] = await store.peopleByIds([bob ?? 0])
      expect(kept).toMatchObject({ name: 'Bob Import', tmdbPersonId: 70_002, version: 2 })
    })

    test('are the same people when the same rows come again, and then nothing is told', async () => {
      const rows = [
        { name: 'Same Name' },
        { tmdbPersonId: 70_011, name: 'Same Name' },
        { tmdbPersonId: 70_012, name: 'Same Name' },
        { name: 'Same Name' },
      ]
      const first = await store.importPeople(rows, quiet)
      const batches: unknown[] = []
      const second = await store.importPeople(rows, (batch) => {
        batches.push(batch)
        return []
      })
      expect(second).toEqual(first)
      expect(new Set(first).size).toBe(2)
      expect(batches).toEqual([])
    })

    test('imported at once by several are each there once', async () => {
      const rows = Array.from({ length: 50 }, (_, index) => ({ name: `Parallel ${index}` }))
      const loads = await Promise.all(Array.from({ length: 4 }, () => store.importPeople(rows, quiet)))
      for (const ids of loads) expect(ids).toEqual(loads[0])
    })
  })

  describe('credits', () => {
    const credits = (movieId: number, ids: { cast?: readonly number[]; directors?: readonly number[] }) => ({
      movieId,
      cast: (ids.cast ?? []).map((personId, order) => ({ personId, character: `Part ${order}`, order })),
      directorIds: ids.directors ?? [],
      keywords: ['sea', 'storm'],
    })

    test('are replaced as a whole, with a version', async () => {
      const { id } = await addPerson(person('Replaced'))
      const first = await store.saveCredits(credits(101, { cast: [id, id], directors: [id] }), told.credits)
      expect(await store.credits([101, 999_999])).toEqual([first])
      const second = await store.saveCredits(
        { movieId: 101, cast: [], directorIds: [], keywords: [] },
        told.credits,
      )
      expect(second).toEqual({
        movieId: 101,
        cast: [],
        directorIds: [],
        keywords: [],
        version: first.version + 1,
      })
      expect(await store.creditsOfPeople({ personIds: [id], after: undefined, limit: 5 })).toEqual(
        new Map([]),
      )
    })

    test('lead from a person to films: newest id first, parts before directing, gone films marked', async () => {
      const { id } = await addPerson(person('Busy'))
      const { id: other } = await addPerson(person('Idle'))
      await store.saveMovies({ known: [201, 202, 203], gone: [] })
      await store.saveCredits(credits(201, { cast: [other, id] }), quiet)
      await store.saveCredits(credits(202, { cast: [id, other, id], directors: [id] }), quiet)
      await store.saveCredits(credits(203, { directors: [other, id] }), quiet)
      await store.saveMovies({ known: [], gone: [201] })
      const lists = await store.creditsOfPeople({
        personIds: [id, other, 999_999],
        after: undefined,
        limit: 10,
      })
      expect([...lists.keys()].sort()).toEqual([id, other].sort())
      expect(lists.get(id)).toEqual([
        { movieId: 203, job: 'DIRECTOR', order: 0, character: null, movieKnown: true },
        { movieId: 202, job: 'ACTOR', order: 0, character: 'Part 0', movieKnown: true },
        { movieId: 202, job: 'ACTOR', order: 2, character: 'Part 2', movieKnown: true },
        { movieId: 202, job: 'DIRECTOR', order: 0, character: null, movieKnown: true },
        { movieId: 201, job: 'ACTOR', order: 1, character: 'Part 1', movieKnown: false },
      ])
      expect(await store.countCreditsOfPeople([id, other, 999_999])).toEqual(
        new Map([
          [id, 5],
          [other, 3],
        ]),
      )
    })

    test('of a person come page by page, also when a page ends within a film', async () => {
      const { id } = await addPerson(person('Paged'))
      await store.saveCredits(credits(301, { cast: [id, id, id], directors: [id] }), quiet)
      await store.saveCredits(credits(302, { cast: [id] }), quiet)
      await store.saveCredits(credits(303, { cast: [id], directors: [id] }), quiet)
      for (const limit of [1, 2, 3]) {
        const seen: string[] = []
        let after: { movieId: number; job: 'ACTOR' | 'DIRECTOR'; order: number } | undefined
        for (;;) {
          const page = (await store.creditsOfPeople({ personIds: [id], after, limit })).get(id) ?? []
          seen.push(...page.map(({ movieId, job, order }) => `${movieId} ${job} ${order}`))
          if (page.length < limit) break
          after = page.at(-1)
        }
        expect(seen).toEqual([
          '303 ACTOR 0',
          '303 DIRECTOR 0',
          '302 ACTOR 0',
          '301 ACTOR 0',
          '301 ACTOR 1',
          '301 ACTOR 2',
          '301 DIRECTOR 0',
        ])
      }
    })

    test('take one statement for any number of films or people', async () => {
      const ids = Array.from({ length: 300 }, (_, index) => index + 1)
      await store.credits(ids)
      await store.creditsOfPeople({ personIds: ids, after: undefined, limit: 20 })
      await store.countCreditsOfPeople(ids)
      await store.peopleByIds(ids)
      await store.genresByIds(ids)
      await store.analyses(ids)
      expect(engine.statements()).toHaveLength(6)
    })

    test('are imported in bulk, make their films known, and are told of only where they changed', async () => {
      const { id } = await addPerson(person('Bulk'))
      const batches: unknown[] = []
      const tell = (batch: unknown) => {
        batches.push(batch)
        return []
      }
      expect(
        await store.importCredits([credits(402, { cast: [id] }), credits(401, { cast: [id] })], tell),
      ).toBe(2)
      expect(
        await store.importCredits([credits(401, { cast: [id] }), credits(402, { directors: [id] })], tell),
      ).toBe(1)
      expect(batches).toEqual([
        { firstId: 401, lastId: 402, count: 2 },
        { firstId: 402, lastId: 402, count: 1 },
      ])
      expect(await store.knownMovies([401, 402, 403])).toEqual(new Set([401, 402]))
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
