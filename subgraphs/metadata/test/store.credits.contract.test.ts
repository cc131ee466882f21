import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { told } from '../src/events.ts'
import type { MetadataStore, PersonFacts } from '../src/store.ts'
import { engines, personFacts, quiet, type TestEngine } from './engines.ts'

describe.each(engines)('credits in the metadata store on $name', ({ open }) => {
  let engine: TestEngine
  let store: MetadataStore

  beforeAll(async () => {
    engine = await open()
    store = engine.store
  })
  afterAll(() => engine.close())
  beforeEach(() => void engine.statements())

  const addPerson = async (facts: PersonFacts) => {
    const saved = await store.savePerson(undefined, () => facts, told.person)
    if (!saved) throw new Error('not saved')
    return saved
  }

  describe('credits', () => {
    const credits = (movieId: number, ids: { cast?: readonly number[]; directors?: readonly number[] }) => ({
      movieId,
      cast: (ids.cast ?? []).map((personId, order) => ({ personId, character: `Part ${order}`, order })),
      directorIds: ids.directors ?? [],
      keywords: ['sea', 'storm'],
    })

    test('are replaced as a whole, with a version', async () => {
      const { id } = await addPerson(personFacts('Replaced'))
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
      const { id } = await addPerson(personFacts('Busy'))
      const { id: other } = await addPerson(personFacts('Idle'))
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
      const { id } = await addPerson(personFacts('Paged'))
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
      const { id } = await addPerson(personFacts('Bulk'))
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
})
