import type { BusEvent } from '@movieverse/kit/bus/bus'
import { openReads } from '@movieverse/kit/databases/reads'
import { createOutbox } from '@movieverse/kit/outbox/sql-outbox'
import type { EntityReader } from '@movieverse/kit/subgraph'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import { executeOn, type JsonData, type TestRequest } from '@movieverse/kit/testing/execute'
import type { Role, Viewer } from '@movieverse/kit/viewer'
import { createReviewImporter } from '../src/import.ts'
import { createKnownMovies } from '../src/known-movies.ts'
import { createPrismaReviewStore, createReviewsClient } from '../src/store.prisma.ts'
import { createReviewsSubgraph } from '../src/subgraph.ts'

export type ReviewsHarness = Awaited<ReturnType<typeof openReviews>>

/** The films' owner, with the films that it has now; it can be down. */
export function createFilmOwner(): EntityReader & {
  readonly films: Set<number>
  down: boolean
  asked: number
} {
  const films = new Set<number>()
  const owner = {
    films,
    down: false,
    asked: 0,
    async read<T>(_subgraph: string, _typename: string, ids: readonly (number | string)[]) {
      owner.asked += 1
      if (owner.down) throw new Error('movies does not answer')
      return ids.map((id) => (films.has(Number(id)) ? ({ id: String(id) } as T) : null))
    },
  }
  return owner
}

/** Reviews on a database of its own. */
export async function openReviews() {
  const database = await createTestDatabase('reviews')
  const statements: string[] = []
  const settings = { onStatement: (sql: string) => statements.push(sql) }
  const client = createReviewsClient(database.url, settings)
  const reads = openReads(database.url, client, settings)
  const store = createPrismaReviewStore({ client, reads, outbox: createOutbox({ source: 'reviews' }) })
  const owner = createFilmOwner()
  const reviews = createReviewsSubgraph({ store, entities: owner })
  const ask = (query: string, variables: JsonData = {}, viewer: Viewer | null = null, who: Who = {}) =>
    executeOn(reviews, { query, variables, viewer, ...who })
  let nextEvent = 0

  return {
    reviews,
    store,
    owner,
    statements,
    ask,
    importer: createReviewImporter({ store, movies: createKnownMovies({ store, entities: owner }) }),
    /** Films that exist and that this service knows. */
    async films(...ids: number[]) {
      for (const id of ids) owner.films.add(id)
      await store.saveMovies({ known: ids, gone: [] })
    },
    /** Writes a review and answers its payload. */
    async review(viewer: Viewer, input: JsonData) {
      const { data, errors } = await ask(CREATE, { input }, viewer)
      if (!data?.createReview) throw new Error(JSON.stringify(errors))
      return data.createReview as ReviewAnswer
    },
    /** What clients see of films. */
    async entities(
      typename: 'Movie' | 'User' | 'Review',
      ids: readonly number[],
      selection: string,
      viewer?: Viewer,
    ) {
      const representations = ids.map((id) => ({ __typename: typename, id: String(id) }))
      return ask(
        `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${typename} { ${selection} } } }`,
        { representations },
        viewer,
      )
    },
    /** Events told so far, oldest first. */
    told: async () =>
      (await client.outboxEvent.findMany({ orderBy: { position: 'asc' } })).map(({ data, key, origin }) => ({
        ...(data as JsonData),
        key,
        origin,
      })) as readonly JsonData[],
    /** Hands an event to the consumers of its topic, as the bus does. */
    async deliver(topic: string, data: JsonData) {
      nextEvent += 1
      const event: BusEvent = {
        id: `event-${nextEvent}`,
        source: 'test',
        topic,
        key: '1',
        type: String(data.type),
        time: new Date(),
        origin: 'user',
        data,
      }
      for (const consumer of reviews.consumers.filter(({ topics }) => topics.includes(topic))) {
        await consumer.handle(event, new AbortController().signal)
      }
    },
    async close() {
      await reviews.close()
      await database.close()
    },
  }
}

type Who = Partial<Pick<TestRequest, 'service'>>

export interface ReviewAnswer {
  readonly review: {
    readonly id: string
    readonly rating: number
    readonly text: string | null
    readonly helpfulCount: number
    readonly author: { readonly id: string } | null
    readonly movie: { readonly id: string } | null
  } | null
  readonly errors: readonly { code: string; message: string; field: readonly string[] | null }[]
}

export const member = (userId: number, ...roles: Role[]): Viewer => ({
  userId,
  username: `member${userId}`,
  roles: ['user', ...roles],
  sessionId: `session-${userId}`,
})

const REVIEW =
  'review { id rating text helpfulCount author { id } movie { id } } errors { code message field }'
export const CREATE = `mutation ($input: CreateReviewInput!) { createReview(input: $input) { ${REVIEW} } }`
export const UPDATE = `mutation ($input: UpdateReviewInput!) { updateReview(input: $input) { ${REVIEW} } }`
export const HELPFUL = `mutation ($input: SetReviewHelpfulInput!) { setReviewHelpful(input: $input) { ${REVIEW} } }`
export const DELETE =
  'mutation ($input: DeleteReviewInput!) { deleteReview(input: $input) { deletedReviewId errors { code field } } }'
export const RATING = 'rating { average count histogram { rating count } }'
