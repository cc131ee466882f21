import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { told } from '../src/events.ts'
import { nameKey } from '../src/names.ts'
import type { MetadataStore, PersonFacts } from '../src/store.ts'
import { engines, personFacts, quiet, type TestEngine } from './engines.ts'

describe.each(engines)('people in the metadata store on $name', ({ open }) => {
  let engine: TestEngine
  let store: MetadataStore

  beforeAll(async () => {
    engine = await open()
    store = engine.store
  })
  afterAll(() => engine.close())

  const addPerson = async (facts: PersonFacts) => {
    const saved = await store.savePerson(undefined, () => facts, told.person)
    if (!saved) throw new Error('not saved')
    return saved
  }

  describe('people', () => {
    test('keep every fact, and lose those that a write takes away', async () => {
      const facts = personFacts('Agnès Varda', {
        biography: 'Filmed.\nAnd filmed.',
        birthday: '1928-05-30',
        deathday: '2019-03-29',
        photoUrl: 'https://example.org/varda.jpg',
        knownFor: 'Directing',
      })
      const saved = await addPerson(facts)
      expect(await store.peopleByIds([saved.id])).toEqual([{ ...facts, id: saved.id, version: 1 }])
      await store.savePerson(saved.id, () => personFacts('Agnès Varda'), told.person)
      expect(await store.peopleByIds([saved.id])).toEqual([
        { ...personFacts('Agnès Varda'), id: saved.id, version: 2 },
      ])
      expect(await store.savePerson(999_999, () => facts, told.person)).toBeNull()
    })

    test('are found by the beginning of any word of the name', async () => {
      await addPerson(personFacts('Zoë Quenneville'))
      await addPerson(personFacts("Siobhán O'Quillan"))
      await addPerson(personFacts('Søren Åquist-Łyk'))
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
      for (const name of names) await addPerson(personFacts(name))
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
})
