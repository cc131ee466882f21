import { sqlEngines } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MoviesHarness, openMovies } from './harness.ts'

describe.each(sqlEngines)('films in %s', (engine) => {
  let on: MoviesHarness
  const genres = [1, 2, 3, 4, 5]

  beforeAll(async () => {
    on = await openMovies(engine)
    for (const id of genres) on.neighbours.genres.add(id)
    const ids = await on.importer.importMovies(
      Array.from({ length: 120 }, (_, index) => ({
        title: `${'ABCDEFGHIJ'[index % 10]} film ${index % 7}`,
        genreIds: genres.filter((id) => index % id === 0),
        voteCount: (index * 37) % 50,
        ...(index % 9 === 0 ? {} : { releaseDate: `19${50 + (index % 40)}-0${1 + (index % 9)}-15` }),
        imdbId: `tt${1_000_000 + index}`,
      })),
    )
    await on.store.setRatings(
      new Map(
        ids.map((id, index) => [id, { count: index % 6, average: index % 6 ? 1 + (index % 9) / 2 : null }]),
      ),
    )
  })
  afterAll(() => on.close())

  interface Node {
    id: string
    title: string
    popularity: number
    releaseDate: string | null
  }
  interface List {
    edges: { cursor: string; node: Node }[]
    pageInfo: {
      hasNextPage: boolean
      hasPreviousPage: boolean
      startCursor: string | null
      endCursor: string | null
    }
    totalCount: number
  }
  const LIST = `edges { cursor node { id title popularity releaseDate } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`

  async function page(args: string, selection = LIST): Promise<List> {
    const { data, errors } = await on.ask(`{ movies(${args}) { ${selection} } }`)
    if (!data) throw new Error(JSON.stringify(errors))
    return data.movies as List
  }

  const fold = (title: string) => title.toLowerCase()
  const inOrder: Readonly<Record<string, (a: Node, b: Node) => boolean>> = {
    POPULARITY: (a, b) => a.popularity >= b.popularity,
    NEWEST: (a, b) => (a.releaseDate ?? '0') >= (b.releaseDate ?? '0'),
    OLDEST: (a, b) => (a.releaseDate ?? '9') <= (b.releaseDate ?? '9'),
    TITLE: (a, b) => fold(a.title) <= fold(b.title),
  }

  describe.each(['POPULARITY', 'RATING', 'NEWEST', 'OLDEST', 'TITLE'])('films in the order %s', (orderBy) => {
    it('are each seen once, in order, while others are added', async () => {
      const before = (await page('first: 1', 'totalCount')).totalCount
      const seen: Node[] = []
      let after = ''
      for (let number = 0; ; number += 1) {
        const list = await page(`orderBy: ${orderBy}, first: 17${after}`)
        expect(list.pageInfo.startCursor).toBe(list.edges[0]?.cursor)
        expect(list.pageInfo.hasPreviousPage).toBe(number > 0)
        seen.push(...list.edges.map(({ node }) => node))
        // One before everything, one behind.
        await on.create({ title: `AA ${orderBy} ${number}`, releaseDate: '1890-01-01' })
        await on.create({ title: `ZZ ${orderBy} ${number}`, releaseDate: '2020-01-01' })
        if (!list.pageInfo.hasNextPage) break
        after = `, after: "${list.pageInfo.endCursor}"`
      }
      expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
      expect(seen.length).toBeGreaterThanOrEqual(before)
      for (const [index, node] of seen.slice(1).entries()) {
        const previous = seen[index]
        expect(!previous || !inOrder[orderBy] || inOrder[orderBy](previous, node)).toBe(true)
      }
    })
  })

  describe('a list of films', () => {
    it('counts only when asked, and all that match', async () => {
      on.statements.length = 0
      await page('filter: { genreIds: ["2"] }', 'edges { cursor }')
      expect(on.statements).toHaveLength(1)
      expect((await page('filter: { genreIds: ["2"] }, first: 1', 'totalCount')).totalCount).toBe(60)
      expect((await page('filter: { genreIds: ["2", "3"] }', 'totalCount')).totalCount).toBe(80)
      expect((await page('filter: { genreIds: [] }', 'totalCount')).totalCount).toBe(
        (await page('first: 1', 'totalCount')).totalCount,
      )
      expect(
        (await page('filter: { genreIds: ["2"], yearFrom: 1960, yearTo: 1969 }', 'totalCount')).totalCount,
      ).toBe(
        Array.from({ length: 120 }, (_, i) => i).filter(
          (i) => i % 2 === 0 && i % 9 && i % 40 >= 10 && i % 40 < 20,
        ).length,
      )
    })

    it('finds words of titles, without regard to case, accents and signs', async () => {
      await on.create({ title: 'Amélie', originalTitle: "Le Fabuleux Destin d'Amélie Poulain" })
      await on.create({ title: 'Crouching Tiger', alternativeTitles: ['臥虎藏龍'] })
      expect(await on.titles('filter: { text: "AMELIE" }')).toEqual(['Amélie'])
      expect(await on.titles('filter: { text: "amélie poul" }')).toEqual(['Amélie'])
      expect(await on.titles('filter: { text: "destin damelie" }')).toEqual(['Amélie'])
      expect(await on.titles('filter: { text: "藏龍" }')).toEqual(['Crouching Tiger'])
      expect(await on.titles('filter: { text: "%" }')).toEqual([])
      expect(await on.titles('filter: { text: "_____" }')).toEqual([])
      expect(await on.titles('filter: { text: " " }, first: 3')).toHaveLength(3)
      expect(await on.titles('filter: { text: "\\u0000amelie" }')).toEqual(['Amélie'])
    })

    const cursor = (...parts: unknown[]) =>
      `after: "${Buffer.from(JSON.stringify(parts)).toString('base64url')}"`
    it.each([
      'first: 0',
      'first: 101',
      'after: ""',
      'after: "%00"',
      'after: "bm90IGpzb24"',
      cursor('POPULARITY'),
      cursor('POPULARITY', 'x', 1),
      cursor('POPULARITY', 1, 1.5),
      cursor('POPULARITY', -1, 1),
      cursor('POPULARITY', 1, 9007199254740991),
      cursor('POPULARITY', null, null),
      cursor('TITLE', 'a', 1),
      `orderBy: TITLE, ${cursor('TITLE', 1, 1)}`,
      `orderBy: TITLE, ${cursor('TITLE', 'a\u0000', 1)}`,
      `orderBy: NEWEST, ${cursor('NEWEST', 99999999999, 1)}`,
      `orderBy: NEWEST, ${cursor('NEWEST', 1.5, 1)}`,
      'filter: { genreIds: ["x"] }',
      'filter: { originalLanguage: "e\\u0000" }',
      `filter: { text: "${'x'.repeat(201)}" }`,
    ])('refuses %s as the caller’s fault', async (args) => {
      const { errors } = await on.ask(`{ movies(${args}) { edges { cursor } } }`)
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
    })

    it('takes a cursor that no film stands at', async () => {
      const list = await page(`orderBy: TITLE, ${cursor('TITLE', "zzz' OR 1=1 --", 1)}`)
      expect(list.edges).toEqual([])
      expect((await page(`${cursor('POPULARITY', 1e9, 0)}, first: 2`)).edges).toHaveLength(2)
    })
  })

  describe("a genre's films", () => {
    it('are the same as those of the filter, page by page', async () => {
      const first = await page('filter: { genreIds: ["3"] }, orderBy: NEWEST, first: 5')
      const second = await page(
        `filter: { genreIds: ["3"] }, orderBy: NEWEST, first: 5, after: "${first.pageInfo.endCursor}"`,
      )
      const list = async (args: string) => {
        const { data } = await on.entities(
          'Genre',
          [3],
          `movies(orderBy: NEWEST, first: 5${args}) { totalCount ${LIST} }`,
        )
        return (data._entities as { movies: List }[])[0]?.movies
      }
      expect(await list('')).toEqual({ ...first, totalCount: 40 })
      expect(await list(`, after: "${first.pageInfo.endCursor}"`)).toEqual({ ...second, totalCount: 40 })
    })

    it('cost the same number of statements for one genre and for many', async () => {
      const statementsOf = async (ids: readonly number[]) => {
        on.statements.length = 0
        const { data, errors } = await on.entities(
          'Genre',
          ids,
          `popular: movies(first: 3) { totalCount edges { node { id title genres { id movies(first: 2, orderBy: TITLE) { edges { node { title } } } } } } }
         best: movies(first: 2, orderBy: RATING) { edges { node { id } } }`,
        )
        expect(errors).toBeUndefined()
        expect(data._entities).toHaveLength(ids.length)
        return on.statements.length
      }
      const one = await statementsOf([1])
      expect(await statementsOf([...genres, ...genres, 999])).toBe(one)
      expect(one).toBe(4)
    })

    it('are empty for a genre without films', async () => {
      const { data } = await on.entities(
        'Genre',
        [4711],
        'id movies { totalCount edges { cursor } pageInfo { hasNextPage endCursor } }',
      )
      expect(data._entities).toEqual([
        {
          id: '4711',
          movies: { totalCount: 0, edges: [], pageInfo: { hasNextPage: false, endCursor: null } },
        },
      ])
    })
  })

  describe('references to films', () => {
    it('are read with one statement, in order, null for those that are not there', async () => {
      const list = await page('first: 100')
      const ids = list.edges.map(({ node }) => Number(node.id))
      on.statements.length = 0
      const { data } = await on.entities('Movie', [...ids, 999_999, ids[0] ?? 0], 'id title genres { id }')
      expect(on.statements).toHaveLength(1)
      expect((data._entities as ({ id: string } | null)[]).map((movie) => movie?.id ?? null)).toEqual(
        [...ids, null, ids[0]].map((id) => id && String(id)),
      )
    })
  })
})
