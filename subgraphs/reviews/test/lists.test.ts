import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DELETE, member, openReviews, type ReviewsHarness } from './harness.ts'

let on: ReviewsHarness
const films = [1, 2, 3, 4, 5, 6]

beforeAll(async () => {
  on = await openReviews()
  await on.films(...films)
  await on.importer.importReviews(
    films.flatMap((movieId) =>
      Array.from({ length: 30 }, (_, index) => ({
        userId: 100 + index,
        movieId,
        rating: ((index % 10) + 1) / 2,
        createdAt: new Date(Date.UTC(2015, 0, 1 + (index % 7))),
      })),
    ),
  )
  const { data } = await on.entities('Movie', [1], 'reviews(first: 30) { edges { node { id } } }')
  const [first] = data._entities as { reviews: List }[]
  for (const [index, { node }] of (first?.reviews.edges ?? []).entries()) {
    for (const userId of [901, 902, 903].slice(0, index % 4)) {
      await on.ask(
        'mutation ($id: ID!) { setReviewHelpful(input: { reviewId: $id, helpful: true }) { errors { code } } }',
        { id: node.id },
        member(userId),
      )
    }
  }
})
afterAll(() => on.close())

interface Node {
  id: string
  rating: number
  helpfulCount: number
  createdAt: string
}
interface List {
  edges: { cursor: string; node: Node }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null }
  totalCount: number
}

const LIST =
  'edges { cursor node { id rating helpfulCount createdAt } } pageInfo { hasNextPage hasPreviousPage endCursor }'
const orders = ['NEWEST', 'OLDEST', 'HIGHEST', 'LOWEST', 'HELPFUL'] as const

async function list(of: 'Movie' | 'User', id: number, args: string, selection = LIST) {
  const { data, errors } = await on.entities(of, [id], `reviews(${args}) { ${selection} }`)
  return { list: (data?._entities as ({ reviews: List } | null)[] | undefined)?.[0]?.reviews, errors }
}

describe.each(orders)("a film's reviews in the order %s", (orderBy) => {
  const wrong: Record<(typeof orders)[number], (a: Node, b: Node) => boolean> = {
    NEWEST: (a, b) => a.createdAt < b.createdAt,
    OLDEST: (a, b) => a.createdAt > b.createdAt,
    HIGHEST: (a, b) => a.rating < b.rating,
    LOWEST: (a, b) => a.rating > b.rating,
    HELPFUL: (a, b) => a.helpfulCount < b.helpfulCount,
  }

  it('are each seen once, in order, while others are written and deleted', async () => {
    const seen: Node[] = []
    let after = ''
    for (let page = 0; ; page += 1) {
      const { list: reviews } = await list('Movie', 1, `orderBy: ${orderBy}, first: 7${after}`)
      if (!reviews) throw new Error('no list')
      seen.push(...reviews.edges.map(({ node }) => node))
      expect(reviews.pageInfo.hasPreviousPage).toBe(page > 0)
      const made = await on.review(member(5000 + page), { movieId: 1, rating: page % 2 ? 0.5 : 5 })
      if (page % 2) await on.ask(DELETE, { input: { id: made.review?.id } }, member(5000 + page))
      if (!reviews.pageInfo.hasNextPage) break
      after = `, after: "${reviews.pageInfo.endCursor}"`
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
    expect(seen.length).toBeGreaterThanOrEqual(30)
    for (const [index, node] of seen.slice(1).entries()) {
      const before = seen[index]
      expect(before && wrong[orderBy](before, node)).toBe(false)
    }
    const added = await on.entities(
      'User',
      [5000, 5001, 5002, 5003, 5004, 5005],
      'reviews { edges { node { id } } }',
    )
    for (const user of added.data._entities as { reviews: List }[]) {
      for (const { node } of user.reviews.edges) {
        await on.ask(DELETE, { input: { id: node.id } }, member(1, 'admin'))
      }
    }
  })
})

describe('lists', () => {
  it("show a member's reviews and count them", async () => {
    const { list: reviews } = await list('User', 103, 'first: 4, orderBy: OLDEST', `${LIST} totalCount`)
    expect(reviews?.edges).toHaveLength(4)
    expect(reviews?.totalCount).toBe(6)
    expect(reviews?.pageInfo.hasNextPage).toBe(true)
    const { data } = await on.entities(
      'User',
      [103, 4711],
      'id reviewCount reviews { totalCount edges { cursor } }',
    )
    expect(data._entities).toEqual([
      { id: '103', reviewCount: 6, reviews: { totalCount: 6, edges: expect.any(Array) } },
      { id: '4711', reviewCount: 0, reviews: { totalCount: 0, edges: [] } },
    ])
  })

  it.each([
    ['first: 0', 'first'],
    ['first: -1', 'first'],
    ['first: 101', 'first'],
    ['after: ""', 'after'],
    ['after: "not a cursor"', 'after'],
    ['after: "W10"', 'after'],
    [`after: "${Buffer.from('["NEWEST","x",1]').toString('base64url')}"`, 'after'],
    [`after: "${Buffer.from('["NEWEST",1,2,3]').toString('base64url')}"`, 'after'],
    [`after: "${Buffer.from('["NEWEST",1e15,1]').toString('base64url')}"`, 'after'],
    [`after: "${Buffer.from('["NEWEST",-1,1]').toString('base64url')}"`, 'after'],
    [`after: "${Buffer.from('["NEWEST",1,9007199254740991]').toString('base64url')}"`, 'after'],
    [`after: "${Buffer.from('["HIGHEST",1,1]').toString('base64url')}"`, 'after'],
    [`orderBy: HIGHEST, after: "${Buffer.from('["HIGHEST",3000000000,1]').toString('base64url')}"`, 'after'],
  ])('refuse %s as the caller’s fault', async (args, argument) => {
    const { errors } = await list('Movie', 2, args)
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument })
  })

  it('take the largest page', async () => {
    expect((await list('Movie', 2, 'first: 100')).list?.edges).toHaveLength(30)
    expect((await list('Movie', 2, 'first: null')).list?.edges).toHaveLength(20)
  })
})

describe('the number of statements', () => {
  const selection = (aliases: string) => `
    ${aliases}
    rating { average count histogram { count } }
    viewerReview { id movie { id rating { count } } }
    reviews(first: 5) { totalCount edges { node { id author { id reviewCount reviews(first: 2) { totalCount edges { node { id } } } } movie { id rating { average } } } } }
    best: reviews(first: 3, orderBy: HIGHEST) { edges { node { id } } }`

  async function statementsOf(work: () => Promise<{ errors?: unknown }>) {
    on.statements.length = 0
    expect((await work()).errors).toBeUndefined()
    return on.statements.length
  }

  it('does not depend on the number of films, reviews or members', async () => {
    const one = await statementsOf(() => on.entities('Movie', [2], selection('id'), member(101)))
    const all = await statementsOf(() =>
      on.entities('Movie', [...films, ...films, 999], selection('id'), member(101)),
    )
    expect(all).toBe(one)
    expect(one).toBeLessThanOrEqual(9)
    const users = (ids: number[]) =>
      statementsOf(() =>
        on.entities(
          'User',
          ids,
          'reviewCount reviews(first: 3) { totalCount edges { node { id movie { rating { count } } } } }',
        ),
      )
    expect(await users([101, 102, 103, 104, 105, 4711])).toBe(await users([101]))
  })

  it('is one for many references to reviews, and none for what is not selected', async () => {
    const { list: reviews } = await list('Movie', 3, 'first: 30')
    const ids = (reviews?.edges ?? []).map(({ node }) => Number(node.id))
    expect(await statementsOf(() => on.entities('Review', ids, 'id rating movie { id } author { id }'))).toBe(
      1,
    )
    const without = await statementsOf(() => on.entities('Movie', [3], 'reviews { edges { cursor } }'))
    const counted = await statementsOf(() =>
      on.entities('Movie', [3], 'reviews { totalCount edges { cursor } }'),
    )
    expect([without, counted]).toEqual([1, 2])
  })

  it('leaves references to what is no review null', async () => {
    const { data } = await on.ask(
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Review { id } } }',
      { r: ['999999', 'x', "1'; DROP TABLE reviews"].map((id) => ({ __typename: 'Review', id })) },
    )
    expect(data._entities).toEqual([null, null, null])
  })
})
