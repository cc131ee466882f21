import { setTimeout as delay } from 'node:timers/promises'
import { type Answer, ask } from '../e2e/platform.ts'
import type { Stage } from '../e2e/stage.ts'
import { type Asked, tryAsk } from './questions.ts'

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
  readonly films: readonly string[]
  /** Reviews of each film, whose numbers follow each other. */
  readonly perFilm: number
  /**
   * Writes the review of that number: each number is another pair of member and film. Tries again until the answer is
   * definite, and signs in again when the session has ended.
   * @throws Error after three minutes without one, or when the platform acknowledges what was never asked
   */
  write(number: number): Promise<AcknowledgedReview>
  /** Signs a member in. */
  signIn(): Promise<Asked>
  /** What the platform shows now, by film: the ids and ratings of all its reviews and the counted summary. */
  shown(): Promise<ReadonlyMap<string, ShownFilm>>
}

export interface ShownFilm {
  readonly reviews: readonly { readonly id: string; readonly rating: number; readonly username: string }[]
  readonly count: number
  readonly histogram: readonly number[]
}

const password = 'correct horse battery staple'
const patience = 180_000

const REGISTER = `mutation ($i: RegisterInput!) { register(input: $i) { session { accessToken } errors { code message } } }`
const LOGIN = `mutation ($i: LoginInput!) { login(input: $i) { session { accessToken } errors { code } } }`
const FILM = `mutation ($t: String!) { createMovie(input: { title: $t, releaseDate: "2020-01-01" }) { movie { id } errors { code message } } }`
const REVIEW = `mutation ($m: ID!, $r: Float!, $t: String) { createReview(input: { movieId: $m, rating: $r, text: $t }) { review { id rating } errors { code message } } }`
const SHOWN = `query ($id: ID!, $after: String) { movie(id: $id) {
  rating { count histogram { count } }
  reviews(first: 100, after: $after) { pageInfo { hasNextPage endCursor } edges { node { id rating author { username } } } } } }`

export interface ReviewersOptions {
  /** How many there are to be written at the most. */
  readonly reviews: number
  /** What each of them says; without it they are ratings alone. */
  readonly text?: string
  /** Told of every try. */
  readonly onTry: (asked: Asked) => void
}

/** Registers members and adds films, enough of them for so many reviews of which none repeats another's pair. */
export async function createReviewers(
  stage: Stage,
  { reviews, text, onTry }: ReviewersOptions,
): Promise<Reviewers> {
  const { url } = stage
  const memberCount = Math.max(2, Math.ceil(Math.sqrt(reviews / 2)))
  const administrator = await makeAdministrator(stage)
  const members: { readonly username: string; token: string }[] = []
  for (let index = 0; index < memberCount; index++) {
    const username = `reviewer${index}`
    members.push({ username, token: await register(url, username) })
  }
  const films: string[] = []
  for (let index = 0; index < Math.ceil(reviews / memberCount); index++) {
    const { data, errors } = await ask(url, FILM, { t: `Film ${index}` }, administrator)
    if (!data?.createMovie?.movie) throw new Error(JSON.stringify({ data, errors }))
    films.push(data.createMovie.movie.id)
  }

  async function signIn(username: string): Promise<Asked> {
    const asked = await tryAsk(url, {
      kind: 'signIn',
      query: LOGIN,
      variables: { i: { username, password } },
    })
    onTry(asked)
    return asked
  }

  return {
    films,
    perFilm: memberCount,
    signIn: () => signIn('reviewer0'),
    async write(number) {
      const member = members[number % memberCount]
      const film = films[Math.floor(number / memberCount)]
      if (!member || film === undefined) throw new RangeError(`there is no review ${number}`)
      const rating = 0.5 + (number % 10) / 2
      const sentAt = performance.now()
      for (let tries = 1; ; tries++) {
        const { token } = member
        const variables = { m: film, r: rating, t: text }
        const asked = await tryAsk(url, { kind: 'review', query: REVIEW, variables, token })
        onTry(asked)
        const made = asked.data?.createReview
        const already = made?.errors[0]?.code === 'ALREADY_EXISTS'
        if (already && tries === 1) throw new Error(`review ${number} was there before it was written`)
        if (made?.review && (already || made.errors.length === 0)) {
          return {
            id: made.review.id,
            film,
            member: member.username,
            rating,
            sentAt,
            answeredAt: asked.answeredAt,
          }
        }
        if (made?.errors.length) throw new Error(`review ${number}: ${JSON.stringify(made.errors)}`)
        if (performance.now() - sentAt > patience)
          throw new Error(`review ${number} has no answer after ${patience} ms: ${asked.codes.join(', ')}`)
        if (asked.codes.includes('UNAUTHENTICATED'))
          member.token = (await signIn(member.username)).data?.login?.session?.accessToken ?? token
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
async function makeAdministrator(stage: Stage): Promise<string> {
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
