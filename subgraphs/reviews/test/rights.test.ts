import { readFile } from 'node:fs/promises'
import { printSdl } from '@movieverse/kit/graphql/build'
import { contractGaps } from '@movieverse/kit/testing/contract'
import { isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CREATE, DELETE, HELPFUL, member, openReviews, type ReviewsHarness, UPDATE } from './harness.ts'

let on: ReviewsHarness
const owner = member(1)
const viewers = { nobody: null, 'another user': member(2), 'the owner': owner, admin: member(3, 'admin') }
type Who = keyof typeof viewers
/** What each of nobody, another user, the owner and an administrator is answered. */
type Row = readonly [string, string, string, string]
const everyone = ['ok', 'ok', 'ok', 'ok'] as const

let film = 0
async function reviewOfOwner(): Promise<string> {
  film += 1
  await on.films(film)
  const { review } = await on.review(owner, { movieId: film, rating: 4, text: 'Mine.' })
  return review?.id ?? ''
}

beforeAll(async () => {
  on = await openReviews()
})
afterAll(() => on.close())

/** `ok`, the code of the GraphQL error, or the codes of the payload's errors. */
function outcomeOf(
  field: string,
  {
    data,
    errors,
  }: { data: Record<string, unknown> | null; errors?: readonly { extensions: { code: string } }[] },
): string {
  if (errors) return errors.map(({ extensions }) => extensions.code).join()
  const payload = data?.[field] as { errors?: { code: string }[] } | undefined
  return payload?.errors?.map(({ code }) => `payload ${code}`).join() || 'ok'
}

const mutations: Readonly<
  Record<string, { readonly run: (who: Who) => Promise<string>; readonly row: Row }>
> = {
  createReview: {
    async run(who) {
      film += 1
      await on.films(film)
      return outcomeOf(
        'createReview',
        await on.ask(CREATE, { input: { movieId: film, rating: 4 } }, viewers[who]),
      )
    },
    row: ['UNAUTHENTICATED', 'ok', 'ok', 'ok'],
  },
  updateReview: {
    async run(who) {
      const input = { id: await reviewOfOwner(), rating: 1 }
      return outcomeOf('updateReview', await on.ask(UPDATE, { input }, viewers[who]))
    },
    row: ['UNAUTHENTICATED', 'payload FORBIDDEN', 'ok', 'ok'],
  },
  deleteReview: {
    async run(who) {
      const input = { id: await reviewOfOwner() }
      return outcomeOf('deleteReview', await on.ask(DELETE, { input }, viewers[who]))
    },
    row: ['UNAUTHENTICATED', 'payload FORBIDDEN', 'ok', 'ok'],
  },
  setReviewHelpful: {
    async run(who) {
      const input = { reviewId: await reviewOfOwner(), helpful: true }
      return outcomeOf('setReviewHelpful', await on.ask(HELPFUL, { input }, viewers[who]))
    },
    row: ['UNAUTHENTICATED', 'ok', 'payload FORBIDDEN', 'ok'],
  },
}

const selections: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Review: {
    id: 'id',
    movie: 'movie { id }',
    author: 'author { id }',
    rating: 'rating',
    text: 'text',
    helpfulCount: 'helpfulCount',
    createdAt: 'createdAt',
    updatedAt: 'updatedAt',
  },
  Movie: {
    id: 'id',
    rating: 'rating { average count histogram { rating count } }',
    reviews: 'reviews { totalCount edges { cursor } }',
    viewerReview: 'viewerReview { id }',
  },
  User: { id: 'id', reviewCount: 'reviewCount', reviews: 'reviews { totalCount }' },
}

describe('the rights of nobody, another user, the owner and an administrator', () => {
  const whos = Object.keys(viewers) as Who[]

  describe.each(Object.entries(mutations))('to %s', (_, { run, row }) => {
    it.each(whos.map((who, index) => [who, row[index]] as const))('%s: %s', async (who, expected) => {
      expect(await run(who)).toBe(expected)
    })
  })

  it.each(
    Object.entries(selections).flatMap(([type, fields]) =>
      Object.entries(fields).map(([field, selection]) => [type, field, selection] as const),
    ),
  )('to read %s.%s: everyone', async (type, _, selection) => {
    const id = Number(await reviewOfOwner())
    const outcomes = await Promise.all(
      whos.map(async (who) =>
        outcomeOf(
          '_entities',
          await on.entities(
            type as 'Movie',
            [type === 'Movie' ? film : id],
            selection,
            viewers[who] ?? undefined,
          ),
        ),
      ),
    )
    expect(outcomes).toEqual(everyone)
  })

  it('to read a review by its id: everyone', async () => {
    const id = await reviewOfOwner()
    for (const who of whos) {
      const { data } = await on.ask('query ($id: ID!) { review(id: $id) { id } }', { id }, viewers[who])
      expect(data.review).toEqual({ id })
    }
  })

  it('cover every field and mutation that there is', () => {
    const mutationType = on.reviews.schema.getMutationType()
    expect(Object.keys(mutationType?.getFields() ?? {}).sort()).toEqual(Object.keys(mutations).sort())
    for (const [name, fields] of Object.entries(selections)) {
      const type = on.reviews.schema.getType(name)
      expect(isObjectType(type) ? Object.keys(type.getFields()).sort() : []).toEqual(
        Object.keys(fields).sort(),
      )
    }
  })

  it("show one's own review of a film to nobody else", async () => {
    const id = await reviewOfOwner()
    const seen = await Promise.all(
      whos.map(async (who) => {
        const { data } = await on.entities('Movie', [film], 'viewerReview { id }', viewers[who] ?? undefined)
        return (data._entities as { viewerReview: { id: string } | null }[])[0]?.viewerReview?.id ?? null
      }),
    )
    expect(seen).toEqual([null, null, id, null])
  })

  it('do not let a service write in nobody’s name', async () => {
    const input = { id: await reviewOfOwner() }
    const { errors } = await on.ask(DELETE, { input }, null, { service: 'movies' })
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
  })
})

it('the SDL holds the whole contract', async () => {
  const contract = await readFile('schema/contract/reviews.graphql', 'utf8')
  expect(contractGaps(printSdl(on.reviews.schema), contract)).toEqual([])
})
