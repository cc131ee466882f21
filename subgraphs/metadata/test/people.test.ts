import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines } from './engines.ts'
import { faults, type Json, list, openService, SAVE_PERSON, type TestService, text } from './service.ts'

describe.each(engines)('people on $name', ({ open }) => {
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

  describe('people', () => {
    test('keep facts that are not named and lose those that are null', async () => {
      const facts = {
        name: 'Ida Lupino',
        biography: 'Acted, wrote,\nand directed.',
        birthday: '1918-02-04',
        deathday: '1995-08-03',
        photoUrl: 'https://example.org/ida.jpg',
        knownFor: 'Directing',
      }
      const { data } = await save(SAVE_PERSON, facts)
      const id = data.savePerson?.person?.id
      expect(data.savePerson).toEqual({ person: { id, ...facts }, errors: [] })
      const changed = await save(SAVE_PERSON, { id, name: 'Ida Lupino', photoUrl: null })
      expect(changed.data.savePerson?.person).toEqual({ id, ...facts, photoUrl: null })
      const read = await ask('query ($id: ID!) { person(id: $id) { name birthday photoUrl } }', { id })
      expect(read.data.person).toEqual({ name: 'Ida Lupino', birthday: '1918-02-04', photoUrl: null })
    })

    test('are refused with facts that cannot be', async () => {
      const codes = async (input: Record<string, unknown>) => {
        const { data } = await save(SAVE_PERSON, input)
        expect(data.savePerson?.person).toBeNull()
        return faults(data.savePerson)
      }
      expect(await codes({ name: 'A', birthday: '2000-01-02', deathday: '2000-01-01' })).toEqual([
        ['INVALID_VALUE', 'deathday'],
      ])
      expect(await codes({ name: '' })).toEqual([['INVALID_VALUE', 'name']])
      expect(await codes({ name: '…' })).toEqual([['INVALID_VALUE', 'name']])
      expect(await codes({ name: 'A', biography: 'x'.repeat(20_001), knownFor: '\u0007' })).toEqual([
        ['INVALID_VALUE', 'biography'],
        ['INVALID_VALUE', 'knownFor'],
      ])
      expect(await codes({ id: '2147483647', name: 'A' })).toEqual([['NOT_FOUND', 'id']])
      const malformed = [{ birthday: '1918-02-30' }, { photoUrl: 'javascript:alert(1)' }, { photoUrl: '/x' }]
      for (const fact of malformed) {
        const { errors } = await save(SAVE_PERSON, { name: 'A', ...fact })
        expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
      }
    })

    const PEOPLE = `query ($query: String, $first: Int, $after: String) {
    people(query: $query, first: $first, after: $after) {
      totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor node { name } }
    }
  }`
    const names = (data: Json) => list(data.people?.edges).map(({ node }) => text(node?.name))

    test('are found by the beginnings of words, without regard to case and accents', async () => {
      await service.addPerson('Björk Guðmundsdóttir')
      await service.addPerson("Lupita Amondi Nyong'o")
      for (const query of ['björk', 'BJOR', 'gudmunds', 'guð bjö']) {
        const { data } = await ask(PEOPLE, { query })
        expect(names(data)).toEqual(['Björk Guðmundsdóttir'])
      }
      expect(names((await ask(PEOPLE, { query: 'nyongo' })).data)).toEqual(["Lupita Amondi Nyong'o"])
      expect(names((await ask(PEOPLE, { query: 'jörk' })).data)).toEqual([])
    })

    test('come in pages that neither repeat nor miss anyone when someone is added in between', async () => {
      for (const name of ['Kw Bravo', 'Kw Delta', 'Kw Foxtrot']) await service.addPerson(name)
      const first = await ask(PEOPLE, { query: 'kw', first: 2 })
      expect(names(first.data)).toEqual(['Kw Bravo', 'Kw Delta'])
      expect(first.data.people).toMatchObject({
        totalCount: 3,
        pageInfo: { hasNextPage: true, hasPreviousPage: false },
      })
      await service.addPerson('Kw Alfa')
      await service.addPerson('Kw Echo')
      const second = await ask(PEOPLE, {
        query: 'kw',
        first: 2,
        after: first.data.people?.pageInfo?.endCursor,
      })
      expect(names(second.data)).toEqual(['Kw Echo', 'Kw Foxtrot'])
      expect(second.data.people?.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
    })

    test('are counted only when that is asked for', async () => {
      service.engine.statements()
      await ask('{ people(query: "kw") { edges { cursor } } }')
      expect(service.engine.statements()).toHaveLength(1)
      await ask('{ people(query: "kw") { totalCount } }')
      expect(service.engine.statements()).toHaveLength(2)
    })

    test('are not found by anything hostile, and nobody by punctuation alone', async () => {
      for (const query of [
        "'",
        "x' | 'y",
        'a:*b',
        '\\',
        '%',
        '!!!',
        "');drop table people;--",
        '\u0000',
        '💥',
      ])
        expect((await ask(PEOPLE, { query })).data.people).toMatchObject({ edges: [], totalCount: 0 })
      const refused = [
        { query: 'x'.repeat(201) },
        { first: 0 },
        { first: 101 },
        { first: -1 },
        { after: 'nonsense' },
        { after: Buffer.from('["NAME",{},1]').toString('base64url') },
        { after: Buffer.from('["FILM",1,"ACTOR",1]').toString('base64url') },
      ]
      for (const variables of refused) {
        const { errors } = await ask(PEOPLE, variables)
        expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
      }
    })
  })
})
