import { ask, operation, register } from '../../e2e/platform.ts'
import type { Stage } from '../../e2e/stage.ts'
import type { Asker } from './requests.ts'
import { touchedIds } from './values.ts'

/** What the drill asks about, and who asks. */
export interface Catalogue {
  token(asker: Asker): string | undefined
  /** Lets another account of the kind ask from now on, when a mutation of the drill has ended this one's session. */
  replace(asker: Asker): Promise<void>
  /** The page of a film that no request of the drill can change. */
  filmPage(): Promise<unknown>
}

const password = 'correct horse battery staple'
const LOGIN = `mutation ($i: LoginInput!) { login(input: $i) { session { accessToken } errors { code message } } }`
const GENRE = `mutation ($i: SaveGenreInput!) { saveGenre(input: $i) { genre { id } errors { code message } } }`
const PERSON = `mutation ($i: SavePersonInput!) { savePerson(input: $i) { person { id } errors { code message } } }`
const FILM = `mutation ($i: CreateMovieInput!) { createMovie(input: $i) { movie { id } errors { code message } } }`
const CREDITS = `mutation ($i: SaveCreditsInput!) { saveCredits(input: $i) { movie { id } errors { code message } } }`
const REVIEW = `mutation ($i: CreateReviewInput!) { createReview(input: $i) { review { id } errors { code message } } }`

/** Accounts, genres, people, films with credits and a review each; the last of each is what the drill cannot touch. */
export async function createCatalogue({ url, grant }: Stage): Promise<Catalogue> {
  const signIn = async (username: string): Promise<string> => {
    const { data, errors } = await ask(url, LOGIN, { i: { username, password } })
    const token: unknown = data?.login?.session?.accessToken
    if (typeof token !== 'string')
      throw new Error(`${username} cannot sign in: ${JSON.stringify({ data, errors })}`)
    return token
  }
  const write = async (mutation: string, input: object, token: string) => {
    const { data, errors } = await ask(url, mutation, { i: input }, token)
    const [payload] = Object.values<{ errors: unknown[] } & Record<string, { id: string } | undefined>>(
      data ?? {},
    )
    const made = payload && (payload.genre ?? payload.person ?? payload.movie ?? payload.review)
    if (!made) throw new Error(`The catalogue cannot be made: ${JSON.stringify({ data, errors })}`)
    return made.id
  }
  const members: string[] = []
  for (let number = 1; number <= touchedIds + 1; number++)
    members.push((await register(url, `fuzz_member_${number}`)).token)
  const admins: string[] = []
  for (const username of ['fuzz_admin_1', 'fuzz_admin_2', 'fuzz_admin_3']) {
    await register(url, username)
    await grant(username)
    admins.push(await signIn(username))
  }
  const [admin = ''] = admins
  const accounts: Record<Asker, string[]> = {
    nobody: [],
    member: members.slice(0, touchedIds),
    admin: [...admins],
  }

  let last = ''
  for (const [index, member] of members.entries()) {
    const number = index + 1
    const genre = await write(GENRE, { name: `Genre ${number}` }, admin)
    const person = await write(PERSON, { name: `Person ${number}`, birthday: '1950-01-01' }, admin)
    const film = { title: `Film ${number}`, releaseDate: '2001-02-03', genreIds: [genre], runtime: 90 }
    last = await write(FILM, film, admin)
    const cast = [{ personId: person, character: 'Someone' }]
    await write(CREDITS, { movieId: last, cast, directorIds: [person], keywords: ['fuzz'] }, admin)
    await write(REVIEW, { movieId: last, rating: 3.5, text: 'As it was.' }, member)
  }
  return {
    token: (asker) => accounts[asker][0],
    async replace(asker) {
      const token = accounts[asker][0]
      const { data } = await ask(url, '{ me { id } }', undefined, token)
      if (!data?.me && accounts[asker][0] === token) accounts[asker].shift()
    },
    async filmPage() {
      const { data, errors } = await ask(url, operation('film'), { id: last })
      return { data, errors }
    },
  }
}
