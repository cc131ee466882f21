import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isInstalled } from './installed.ts'
import { ask, cleanUp, dataFolder, operation, register, start } from './platform.ts'
import { openStage } from './stage.ts'

/** A platform with the sample, freshly started. */
interface Subject {
  readonly url: string
  close(): Promise<void>
}

async function onBuiltIn(): Promise<Subject> {
  const { url } = await start({ DATA_DIR: await dataFolder() })
  return { url, close: cleanUp }
}
const onEngines = (topology: 'standalone' | 'distributed') => () =>
  openStage({ profile: 'engines', topology, settings: { SAMPLE: 'movielens' } })

const subjects: readonly (readonly [name: string, open: () => Promise<Subject>])[] = [
  ['in one process, on the built-in PostgreSQL', onBuiltIn],
  ...(['mariadbd', 'java', 'nginx'].every(isInstalled)
    ? ([
        ['in one process, on real engines', onEngines('standalone')],
        ['as many processes, on real engines, behind nginx', onEngines('distributed')],
      ] as const)
    : []),
]

const REVIEW = /* GraphQL */ `
  mutation ($input: CreateReviewInput!) {
    createReview(input: $input) { review { id rating text movie { title rating { average count } } } errors { code message } }
  }
`

describe.each(subjects)('the platform %s', (_, open) => {
  let platform: Subject
  const page = (name: string, variables: Record<string, unknown>) =>
    ask(platform.url, operation(name), variables)

  beforeAll(async () => {
    platform = await open()
  }, 600_000)
  afterAll(() => platform?.close(), 120_000)

  describe('a fresh platform with the sample', () => {
    test('shows a film with cast, directors, genres, its rating with histogram and ten reviews with their authors', async () => {
      const { data, errors } = await page('film', { id: '1' })
      expect(errors).toBeUndefined()
      const film = data.movie
      expect(film).toMatchObject({
        title: 'Toy Story',
        year: 1995,
        imdbId: 'tt0114709',
        overview: null,
        tagline: null,
      })
      expect(film.directors).toEqual([{ id: expect.any(String), name: 'John Lasseter' }])
      expect(film.cast.edges).toHaveLength(10)
      expect(film.cast.edges[0]).toMatchObject({ character: 'Woody (voice)', node: { name: 'Tom Hanks' } })
      expect(film.genres.map((genre: { name: string }) => genre.name)).toContain('Animation')
      expect(film.rating.count).toBe(215)
      expect(film.rating.histogram).toHaveLength(10)
      expect(
        film.rating.histogram.reduce((sum: number, bucket: { count: number }) => sum + bucket.count, 0),
      ).toBe(215)
      expect(film.rating.average).toBeCloseTo(3.92093, 4)
      expect(film.reviews.totalCount).toBe(215)
      expect(film.reviews.edges).toHaveLength(10)
      for (const { node } of film.reviews.edges) expect(node.author.username).toMatch(/\w/)
    })

    test("shows a person's films", async () => {
      const film = await page('film', { id: '1' })
      const hanks = film.data.movie.cast.edges[0].node.id
      const { data, errors } = await page('person', { id: hanks, first: 100 })
      expect(errors).toBeUndefined()
      expect(data.person.name).toBe('Tom Hanks')
      const titles = data.person.credits.edges.map((edge: { node: { title: string } }) => edge.node.title)
      expect(titles).toContain('Forrest Gump')
      expect(titles.length).toBeGreaterThan(20)
    })

    test("shows a genre's films, page by page, each once", async () => {
      const seen = new Set<string>()
      let after: string | null = null
      for (let i = 0; i < 3; i++) {
        const { data, errors } = await page('genre', { slug: 'animation', first: 20, after })
        expect(errors).toBeUndefined()
        const { movies } = data.genre
        for (const { node } of movies.edges) seen.add(node.id)
        after = movies.pageInfo.endCursor
      }
      expect(seen.size).toBe(60)
    })

    test('shows the home page', async () => {
      const { data, errors } = await page('home', {})
      expect(errors).toBeUndefined()
      expect(data.genres.length).toBeGreaterThan(15)
      for (const list of [data.popular, data.best, data.newest]) expect(list.edges).toHaveLength(12)
    })

    test("shows a rater's profile, who can't sign in", async () => {
      const film = await page('film', { id: '1' })
      const { username } = film.data.movie.reviews.edges[0].node.author
      const { data, errors } = await page('profile', { username })
      expect(errors).toBeUndefined()
      expect(data.user.reviewCount).toBeGreaterThanOrEqual(20)
      expect(data.user.reviews.edges).toHaveLength(20)
      const login = await ask(
        platform.url,
        'mutation ($i: LoginInput!) { login(input: $i) { session { accessToken } errors { code } } }',
        { i: { username, password: '' } },
      )
      expect(login.data.login).toEqual({ session: null, errors: [{ code: 'INVALID_CREDENTIALS' }] })
    })
  })

  describe('a member', () => {
    test("registers, reviews a film, and sees the film's average and the own page change", async () => {
      const before = (await page('film', { id: '50' })).data.movie.rating
      const member = await register(platform.url, 'grace.hopper')
      const input = { movieId: '50', rating: 0.5, text: 'Not who I thought it was.' }
      const { data, errors } = await ask(platform.url, REVIEW, { input }, member.token)
      expect(errors).toBeUndefined()
      expect(data.createReview.errors).toEqual([])
      const after = (await page('film', { id: '50' })).data.movie.rating
      expect(after.count).toBe(before.count + 1)
      expect(after.average).toBeCloseTo((before.average * before.count + 0.5) / after.count, 9)
      expect(data.createReview.review.movie.rating.count).toBe(after.count)

      const profile = await page('profile', { username: 'grace.hopper' })
      expect(profile.errors).toBeUndefined()
      expect(profile.data.user.reviewCount).toBe(1)
      expect(profile.data.user.reviews.edges[0].node).toMatchObject({
        rating: 0.5,
        text: input.text,
        movie: { id: '50' },
      })

      const again = await ask(platform.url, REVIEW, { input: { ...input, rating: 5 } }, member.token)
      expect(again.data.createReview).toMatchObject({
        review: { id: data.createReview.review.id, rating: 0.5 },
        errors: [{ code: 'ALREADY_EXISTS' }],
      })
    })

    test('who signs out is refused from then on', async () => {
      const member = await register(platform.url, 'ada.l')
      const me = () => ask(platform.url, '{ me { username } account { email } }', {}, member.token)
      expect((await me()).data).toEqual({
        me: { username: 'ada.l' },
        account: { email: 'ada.l@example.com' },
      })
      await ask(
        platform.url,
        'mutation { logout(input: {}) { sessionsEnded errors { code } } }',
        {},
        member.token,
      )
      expect((await me()).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
    })

    test('who leaves is gone from every page', async () => {
      const member = await register(platform.url, 'leaver')
      await ask(platform.url, REVIEW, { input: { movieId: '60', rating: 3, text: 'Goodbye.' } }, member.token)
      const gone = await ask(
        platform.url,
        'mutation ($i: DeleteAccountInput!) { deleteAccount(input: $i) { deletedAccountId errors { code } } }',
        { i: { password: 'correct horse battery staple' } },
        member.token,
      )
      expect(gone.data.deleteAccount).toEqual({ deletedAccountId: member.id, errors: [] })
      await expect
        .poll(async () => (await page('profile', { username: 'leaver' })).data.user, { timeout: 10_000 })
        .toBeNull()
      await expect
        .poll(async () => JSON.stringify((await page('film', { id: '60' })).data.movie.reviews), {
          timeout: 10_000,
        })
        .not.toContain('Goodbye.')
    })
  })

  describe('who may not is refused with a code', () => {
    test.each([
      ['signed out, reviewing', REVIEW, { input: { movieId: '1', rating: 4 } }, 'UNAUTHENTICATED'],
      [
        'a rating that is not a number',
        REVIEW,
        { input: { movieId: '1', rating: 'four' } },
        'BAD_USER_INPUT',
      ],
      ['a malformed id', '{ movie(id: "x") { id } }', {}, 'BAD_USER_INPUT'],
      ['a page too large', '{ movies(first: 1000) { edges { cursor } } }', {}, 'BAD_USER_INPUT'],
      ['a syntax error', '{ movie', {}, 'GRAPHQL_PARSE_FAILED'],
      ['an unknown field', '{ movies { nodes } }', {}, 'GRAPHQL_VALIDATION_FAILED'],
      [
        'an administrator’s mutation',
        'mutation { saveGenre(input: { name: "Noir" }) { genre { id } } }',
        {},
        'UNAUTHENTICATED',
      ],
    ])('%s', async (_, query, variables, code) => {
      expect((await ask(platform.url, query, variables)).errors?.[0]?.extensions.code).toBe(code)
    })

    test('a member, doing what administrators do', async () => {
      const member = await register(platform.url, 'plain.member')
      const { errors } = await ask(
        platform.url,
        'mutation { saveGenre(input: { name: "Noir" }) { genre { id } } }',
        {},
        member.token,
      )
      expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN')
    })
  })
})
