import { setTimeout as delay } from 'node:timers/promises'
import { type Answer, ask } from '../e2e/platform.ts'
import type { Stage } from './stage.ts'

/** A review that the platform has acknowledged. Times are those of this process, in milliseconds. */
export interface AcknowledgedReview {
  readonly id: string
  readonly film: string
  readonly member: string
  readonly rating: number
  /** When the first try was sent, and when the answer was there. */
  readonly sentAt: number
  readonly answeredAt: number
}

/** Members who write reviews, and the films that they write about. */
export interface Reviewers {
  /**
   * Writes the review of that number: each number is another pair of member and film. Tries again until the answer is
   * definite.
   * @throws Error after 90 s without one, or when the platform acknowledges what was never asked
   */
  write(number: number): Promise<AcknowledgedReview>
  /** The codes of errors seen on the way, with how often; what never came to an answer is `NO_ANSWER`. */
  readonly codes: ReadonlyMap<string, number>
  /** What the platform shows now, by film: the ids and ratings of all its reviews and the counted summary. */
  shown(): Promise<ReadonlyMap<string, ShownFilm>>
}

export interface ShownFilm {
  readonly reviews: readonly { readonly id: string; readonly rating: number; readonly username: string }[]
  readonly count: number
  readonly histogram: readonly number[]
}

const password = 'correct horse battery staple'
const patience = 90_000

const REGISTER = `mutation ($i: RegisterInput!) { register(input: $i) { session { accessToken } errors { code message } } }`
const LOGIN = `mutation ($i: LoginInput!) { login(input: $i) { session { accessToken } errors { code } } }`
const FILM = `mutation ($t: String!) { createMovie(input: { title: $t, releaseDate: "2020-01-01" }) { movie { id } errors { code message } } }`
const REVIEW = `mutation ($m: ID!, $r: Float!) { createReview(input: { movieId: $m, rating: $r }) { review { id rating } errors { code message } } }`
const SHOWN = `query ($id: ID!, $after: String) { movie(id: $id) {
  rating { count histogram { count } }
  reviews(first: 100, after: $after) { pageInfo { hasNextPage endCursor } edges { node { id rating author { username } } } } } }`

/** Registers members and adds films, enough of them for so many reviews of which none repeats another's pair. */
export async function createReviewers(stage: Stage, reviews: number): Promise<Reviewers> {
  const { url } = stage
  const memberCount = Math.max(2, Math.ceil(Math.sqrt(reviews / 2)))
  const filmCount = Math.ceil(reviews / memberCount)
  const administrator = await signIn(stage)
  const members: { readonly username: string; readonly token: string }[] = []
  for (let index = 0; index < memberCount; index++) {
    const username = `reviewer${index}`
    members.push({ username, token: await register(url, username) })
  }
  const films: string[] = []
  for (let index = 0; index < filmCount; index++) {
    const { data, errors } = await ask(url, FILM, { t: `Film ${index}` }, administrator)
    if (!data?.createMovie?.movie) throw new Error(JSON.stringify({ data, errors }))
    films.push(data.createMovie.movie.id)
  }

  const codes = new Map<string, number>()
  const note = (code: string) => codes.set(code, (codes.get(code) ?? 0) + 1)

  async function tryOnce(film: string, rating: number, token: string): Promise<Answer['data'] | undefined> {
    try {
      const { data, errors } = await ask(url, REVIEW, { m: film, r: rating }, token)
      for (const error of errors ?? []) note(error.extensions.code)
      return data?.createReview ?? undefined
    } catch (error) {
      // The connection broke, or the answer is no GraphQL: whether it was written is not known, so it is asked again.
      if (!(error instanceof TypeError || error instanceof SyntaxError || error instanceof DOMException))
        throw error
      note('NO_ANSWER')
      return undefined
    }
  }

  return {
    codes,
    async write(number) {
      const member = members[number % memberCount]
      const film = films[Math.floor(number / memberCount)]
      if (!member || film === undefined) throw new RangeError(`there is no review ${number}`)
      const rating = 0.5 + (number % 10) / 2
      const sentAt = performance.now()
      for (let tries = 1; ; tries++) {
        const made = await tryOnce(film, rating, member.token)
        const already = made?.errors[0]?.code === 'ALREADY_EXISTS'
        if (already && tries === 1) throw new Error(`review ${number} was there before it was written`)
        if (made?.review && (already || made.errors.length === 0)) {
          const answeredAt = performance.now()
          return { id: made.review.id, film, member: member.username, rating, sentAt, answeredAt }
        }
        if (made?.errors.length) throw new Error(`review ${number}: ${JSON.stringify(made.errors)}`)
        if (performance.now() - sentAt > patience)
          throw new Error(
            `review ${number} has no answer after ${patience} ms: ${JSON.stringify([...codes])}`,
          )
        await delay(50)
      }
    },
    async shown() {
      const shown = new Map<string, ShownFilm>()
      for (const film of films) shown.set(film, await showFilm(url, film))
      return shown
    },
  }
}

async function showFilm(url: string, id: string): Promise<ShownFilm> {
  const reviews: ShownFilm['reviews'][number][] = []
  for (let after: string | null = null; ; ) {
    const { data, errors }: Answer = await ask(url, SHOWN, { id, after })
    if (errors || !data.movie) throw new Error(JSON.stringify({ id, data, errors }))
    const { rating, reviews: page } = data.movie
    for (const { node } of page.edges) {
      reviews.push({ id: node.id, rating: node.rating, username: node.author?.username })
    }
    if (!page.pageInfo.hasNextPage) {
      const histogram = rating.histogram.map(({ count }: { count: number }) => count)
      return { reviews, count: rating.count, histogram }
    }
    after = page.pageInfo.endCursor
  }
}

async function register(url: string, username: string): Promise<string> {
  const i = { username, password, email: `${username}@example.com` }
  return session(await ask(url, REGISTER, { i }), 'register')
}

/** A new administrator's access token. A change of rights ends the sessions before it. */
async function signIn(stage: Stage): Promise<string> {
  const username = 'projectionist'
  await register(stage.url, username)
  await stage.grant(username)
  return session(await ask(stage.url, LOGIN, { i: { username, password } }), 'login')
}

function session({ data, errors }: Answer, field: string): string {
  const token = data?.[field]?.session?.accessToken
  if (typeof token !== 'string') throw new Error(JSON.stringify({ field, data, errors }))
  return token
}
