import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** How many different pages of a kind the load goes round. */
const VARIETY = 60

/** One operation of schema/operations/ with the request bodies that the load posts in turn. */
export interface Visit {
  readonly operation: string
  readonly bodies: readonly string[]
}

const found = z.object({
  data: z.object({
    genres: z.array(z.object({ slug: z.string() })),
    movies: z.object({
      edges: z.array(
        z.object({
          node: z.object({
            id: z.string(),
            cast: z.object({ edges: z.array(z.object({ node: z.object({ id: z.string() }) })) }),
            reviews: z.object({
              edges: z.array(
                z.object({ node: z.object({ author: z.object({ username: z.string() }).nullable() }) }),
              ),
            }),
          }),
        }),
      ),
    }),
  }),
})

const SURVEY = `{
  genres { slug }
  movies(orderBy: POPULARITY, first: ${VARIETY}) {
    edges { node { id cast(first: 2) { edges { node { id } } } reviews(first: 2) { edges { node { author { username } } } } } }
  }
}`

/** The front ends' pages of the films that most people look at, with their people, genres and reviewers. */
export async function pageVisits(url: string): Promise<Visit[]> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: SURVEY }),
  })
  const { genres, movies } = found.parse(await response.json()).data
  const films = movies.edges.map((edge) => edge.node)
  const people = films.flatMap((film) => film.cast.edges.map((edge) => edge.node.id))
  const reviewers = films.flatMap((film) =>
    film.reviews.edges.flatMap((edge) => edge.node.author?.username ?? []),
  )
  return Promise.all([
    visit('home', [{}]),
    visit(
      'film',
      each(films, (film) => ({ id: film.id })),
    ),
    visit(
      'person',
      each(people, (id) => ({ id })),
    ),
    visit(
      'genre',
      each(genres, ({ slug }) => ({ slug })),
    ),
    visit(
      'profile',
      each(reviewers, (username) => ({ username })),
    ),
  ])
}

function each<T>(items: readonly T[], variables: (item: T) => Record<string, unknown>) {
  return [...new Set(items)].slice(0, VARIETY).map(variables)
}

async function visit(operation: string, variables: readonly Record<string, unknown>[]): Promise<Visit> {
  const query = await readFile(join('schema/operations', `${operation}.graphql`), 'utf8')
  return { operation, bodies: variables.map((values) => JSON.stringify({ query, variables: values })) }
}
