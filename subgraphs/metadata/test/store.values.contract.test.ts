import { awkward } from '@movieverse/kit/testing/values'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nameKey, queryWords } from '../src/names.ts'
import type { MetadataStore } from '../src/store.ts'
import { engines, personFacts, quiet, type TestEngine } from './engines.ts'

const highestId = awkward.largestInt

const texts = {
  'an emoji of several code points': '👩🏽‍🚀 Ripley 🏴󠁧󠁢󠁷󠁬󠁳󠁿',
  'characters of four bytes': '𠜎𠜱𠝹𠱓 𝒜𝓁𝒾𝑒𝓃',
  'text from right to left': 'נעמי ‏(במאית)‏ عمر',
  'combining marks as they were written': 'Ame\u0301lie \u1e9b\u0323 A\u030a',
  'what other languages take for their own': `'; drop -- "$where" $ne {"a.b": 1} \\u0041 %s \${x} 0x00`,
  'space within and a no-break space': 'a \u00a0 b\u200bc',
  'twenty thousand characters': '𝔵'.repeat(20_000),
  ...Object.fromEntries(awkward.texts.map((text) => [text, text])),
}

describe.each(engines)('values in the metadata store on $name', ({ open }) => {
  let engine: TestEngine
  let store: MetadataStore
  beforeAll(async () => {
    engine = await open()
    store = engine.store
  })
  afterAll(() => engine.close())

  const addPerson = async (name: string, more = {}) => {
    const saved = await store.savePerson(undefined, () => personFacts(name, more), quiet)
    if (!saved) throw new Error('not saved')
    return saved.id
  }

  test.each(Object.entries(texts))('keep %s', async (_, text) => {
    const id = await addPerson(`Keeper ${text.slice(0, 100)}`, {
      biography: text,
      knownFor: text.slice(0, 40),
    })
    expect(await store.peopleByIds([id])).toMatchObject([
      { name: `Keeper ${text.slice(0, 100)}`, biography: text, knownFor: text.slice(0, 40) },
    ])
    const film = {
      movieId: id,
      cast: [{ personId: id, character: text, order: 0 }],
      directorIds: [],
      keywords: [text, 'second'],
    }
    await store.saveCredits(film, quiet)
    expect(await store.credits([id])).toEqual([{ ...film, version: 1 }])
    expect(await store.importCredits([film], quiet)).toBe(0)
  })

  test('keep times to the millisecond whatever the zone they were written in, far back and far ahead', async () => {
    const times = [
      '1888-10-14T00:00:00.001Z',
      '1969-12-31T23:59:59.999Z',
      '2024-02-29T23:30:00.123-11:00',
      '2024-03-31T02:30:00.000+14:00',
      '9999-12-31T23:59:59.999Z',
      ...awkward.times,
    ].map((text) => new Date(text))
    for (const [index, updatedAt] of times.entries()) {
      const movieId = 700 + index
      const analysis = { sentiment: null, summary: null, predictedGenres: [], sources: [], updatedAt }
      await store.saveAnalysis(movieId, () => ({ movieId, ...analysis }), quiet)
      expect((await store.analyses([movieId]))[0]?.updatedAt.toISOString()).toBe(updatedAt.toISOString())
    }
    const id = await addPerson('Dated', { birthday: '1895-12-28', deathday: '2000-02-29' })
    expect(await store.peopleByIds([id])).toMatchObject([{ birthday: '1895-12-28', deathday: '2000-02-29' }])
  })

  test('keep decimals to the last bit, whole numbers as numbers', async () => {
    const numbers = [...awkward.decimals, 0.1 + 0.2, -1 / 3, 1e-300, 5e-324, 1, 0, -1, Number.EPSILON]
    const movieId = 800
    for (const sentiment of numbers) {
      const probability = Math.abs(sentiment)
      await store.saveAnalysis(
        movieId,
        () => ({
          movieId,
          sentiment,
          summary: '',
          predictedGenres: [{ genreId: highestId, probability }],
          sources: [],
          updatedAt: new Date(0),
        }),
        quiet,
      )
      expect(await store.analyses([movieId])).toMatchObject([
        { sentiment, summary: '', predictedGenres: [{ genreId: highestId, probability }] },
      ])
    }
  })

  test('take the highest ids there are', async () => {
    const [id] = await store.importPeople([{ tmdbPersonId: highestId, name: 'Highest' }], quiet)
    expect(await store.importPeople([{ tmdbPersonId: highestId, name: 'Other' }], quiet)).toEqual([id])
    const film = {
      movieId: highestId,
      cast: [{ personId: highestId, character: null, order: 499 }],
      directorIds: [highestId],
      keywords: [],
    }
    await store.saveMovies({ known: [highestId], gone: [] })
    await store.saveCredits(film, quiet)
    expect(await store.credits([highestId])).toEqual([{ ...film, version: 1 }])
    expect(await store.creditsOfPeople({ personIds: [highestId], after: undefined, limit: 5 })).toEqual(
      new Map([
        [
          highestId,
          [
            { movieId: highestId, job: 'ACTOR', order: 499, character: null, movieKnown: true },
            { movieId: highestId, job: 'DIRECTOR', order: 0, character: null, movieKnown: true },
          ],
        ],
      ]),
    )
    expect(await store.knownMovies([highestId])).toEqual(new Set([highestId]))
  })

  test('are in the order of their code points once case and accents are off', async () => {
    const names = [
      'Sorted zebra',
      'Sorted Ärger',
      'SORTED ARGER 2',
      'Sorted _low',
      'Sorted 10',
      'Sorted 9',
      'Sorted Ωmega',
      'Sorted Жук',
      'Sorted 漢字',
      'Sorted 😀 smile',
      'Sorted 𠜎',
      'sorted ÅNGSTRÖM',
      'Sorted ß',
      'Sorted Straße',
      ...awkward.ordered.map((text) => `Sorted ${text}`),
    ]
    for (const name of names) await addPerson(name)
    const listed = await store.people({ words: ['sorted'], after: undefined, limit: 100 })
    const inOrder = names.toSorted((a, b) => Buffer.compare(Buffer.from(nameKey(a)), Buffer.from(nameKey(b))))
    expect(listed.map(({ name }) => name)).toEqual(inOrder)
  })

  test.each([
    ['STRASSE', 'Folded Straße'],
    ['straße', 'Folded STRASSE'],
    ['ΣΊΣΥΦΟΣ', 'Folded Σίσυφος'],
    ['İSTANBUL', 'Folded istanbul'],
    ['ﬁnch', 'Folded Finch'],
    ['ａｌｉｅｎ', 'Folded Alien'],
    ['жУК', 'Folded Жук'],
    ['漢', 'Folded 漢字'],
    ['𝒜', 'Folded Ada'],
  ])('are found by %s as %s', async (query, name) => {
    const id = await addPerson(name)
    const found = await store.people({ words: queryWords(`folded ${query}`), after: undefined, limit: 100 })
    expect(found.map((person) => person.id)).toContain(id)
  })

  test('of genres differ by more than case and accents', async () => {
    const save = async (name: string, slug: string) =>
      (await store.saveGenre(undefined, () => ({ name, slug }), quiet)).kind
    expect(await save('Ｆａｎｔａｓｙ', 'fantasy')).toBe('saved')
    expect(await save('fantasý', 'other')).toBe('name-taken')
    expect(await save('😀', 'smile')).toBe('saved')
    expect(await save('😁', 'grin')).toBe('saved')
    expect(await save('other', 'FANTASY')).toBe('saved')
    expect((await store.genresBySlugs(['FANTASY'])).map(({ name }) => name)).toEqual(['other'])
  })
})
