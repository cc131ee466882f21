import { type PrismaClientSettings, prismaOptions } from '@movieverse/kit/databases/prisma'
import type { Reads } from '@movieverse/kit/databases/reads'
import type { Outbox } from '@movieverse/kit/outbox/outbox'
import { createTableStatistics } from '@movieverse/kit/postgres/statistics'
import { prismaSql, type Sql } from '@movieverse/kit/sql'
import { PrismaClient } from './generated/client.ts'
import { eraseMarks, eraseReviews, refuseMember } from './postgres/erasure.ts'
import { insertBatch } from './postgres/import.ts'
import { readPages } from './postgres/pages.ts'
import {
  knownColumns,
  type RatingRow,
  type ReviewRow,
  ratingColumns,
  reviewColumns,
  toRatingCounts,
  toReview,
} from './postgres/rows.ts'
import {
  changeMark,
  changeReview,
  deleteReview,
  insertReview,
  lockReview,
  Refusal,
} from './postgres/writes.ts'
import type { ReviewStore } from './store.ts'

export interface PrismaReviewStoreSettings {
  readonly client: PrismaClient
  /** Of the same database; closed with the store. */
  readonly reads: Reads
  readonly outbox: Outbox
}

/**
 * A client on the service's own database; the composition root shares it with the outbox's relay.
 * @param url PostgreSQL
 */
export function createReviewsClient(
  url: string,
  { connections, onStatement }: PrismaClientSettings = {},
): PrismaClient {
  const options = prismaOptions(url, { connections, planOnce: true })
  if (!onStatement) return new PrismaClient(options)
  const client = new PrismaClient({ ...options, log: [{ emit: 'event', level: 'query' }] })
  client.$on('query', ({ query }) => onStatement(query))
  return client
}

/** Reviews in PostgreSQL by Prisma. */
export function createPrismaReviewStore({ client, reads, outbox }: PrismaReviewStoreSettings): ReviewStore {
  const sql = prismaSql(client)
  const statistics = createTableStatistics(sql, ['reviews', 'rated_movies', 'reviewers'])

  /** One transaction of a write and its events; the relay is woken when events left with it. */
  async function write<T>(work: (sql: Sql, append: Outbox['append']) => Promise<T>): Promise<T> {
    let told = false
    const result = await client.$transaction((tx) =>
      work(prismaSql(tx), async (transaction, events) => {
        if (events.length === 0) return
        told = true
        await outbox.append(transaction, events)
      }),
    )
    if (told) outbox.wake()
    return result
  }

  return {
    async byIds(ids) {
      const rows = await reads.query<ReviewRow>(
        `SELECT ${reviewColumns}, ${knownColumns} FROM reviews r WHERE r.id = ANY($1::int[])`,
        [ids],
      )
      return rows.map(toReview)
    },

    async byAuthor(userId, movieIds) {
      const rows = await reads.query<ReviewRow>(
        `SELECT ${reviewColumns}, ${knownColumns} FROM reviews r
          WHERE r.user_id = $1 AND r.movie_id = ANY($2::int[])`,
        [userId, movieIds],
      )
      return rows.map(toReview)
    },

    pages: (query) => readPages(reads, query),

    async ratings(movieIds) {
      const rows = await reads.query<RatingRow>(
        `SELECT ${ratingColumns} FROM rated_movies WHERE id = ANY($1::int[])`,
        [movieIds],
      )
      return new Map(rows.map((row) => [row.id, toRatingCounts(row)]))
    },

    async reviewCounts(userIds) {
      const rows = await reads.query<{ id: number; review_count: number }>(
        'SELECT id, review_count FROM reviewers WHERE id = ANY($1::int[]) AND erased_at IS NULL',
        [userIds],
      )
      return new Map(rows.map((row) => [row.id, row.review_count]))
    },

    async create(review, tell) {
      try {
        return await write(async (tx, append) => {
          const created = await insertReview(tx, review)
          if (!created) return { kind: 'exists' }
          await append(tx, tell(created))
          return { kind: 'created', review: created }
        })
      } catch (error) {
        if (error instanceof Refusal) return { kind: error.kind }
        throw error
      }
    },

    update: (id, change, tell) =>
      write(async (tx, append) => {
        const before = await lockReview(tx, id)
        const wanted = before && change(before)
        if (!before || !wanted) return before
        const after = await changeReview(tx, before, { ...wanted, at: new Date() })
        await append(tx, tell({ before, after }))
        return after
      }),

    delete: (id, tell) =>
      write(async (tx, append) => {
        const before = await lockReview(tx, id)
        if (!before) return null
        await deleteReview(tx, before)
        const deleted = { ...before, version: before.version + 1 }
        await append(tx, tell(deleted))
        return deleted
      }),

    async setHelpful({ reviewId, userId, helpful }, tell) {
      try {
        return await write(async (tx, append) => {
          const review = await lockReview(tx, reviewId)
          if (!review) return { kind: 'gone' }
          const marked = await changeMark(tx, review, { userId, helpful })
          if (!marked) return { kind: 'unchanged', review }
          await append(tx, tell(marked))
          return { kind: 'marked', review: marked }
        })
      } catch (error) {
        if (error instanceof Refusal) return { kind: 'erased' }
        throw error
      }
    },

    async import(reviews, tell) {
      const attempt = () =>
        write(async (tx, append) => {
          const batch = await insertBatch(tx, reviews)
          if (batch) await append(tx, tell(batch))
          return batch?.count ?? 0
        })
      const imported = await attempt().catch((error: unknown) => {
        if (error instanceof Refusal) return attempt()
        throw error
      })
      await statistics.grew(imported)
      return imported
    },

    async knownMovies(ids) {
      const rows = await sql.query<{ id: number }>(
        'SELECT id FROM rated_movies WHERE id = ANY($1::int[]) AND NOT gone',
        [ids],
      )
      return new Set(rows.map(({ id }) => id))
    },

    async countKnownMovies(firstId, lastId) {
      const [row] = await sql.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM rated_movies WHERE id BETWEEN $1 AND $2 AND NOT gone',
        [firstId, lastId],
      )
      return row?.count ?? 0
    },

    async saveMovies({ known, gone }) {
      await sql.execute(
        `INSERT INTO rated_movies AS m (id, gone)
         SELECT id, gone FROM (
           SELECT unnest($1::int[]) AS id, false AS gone UNION SELECT unnest($2::int[]), true
         ) told ORDER BY id
         ON CONFLICT (id) DO UPDATE SET gone = EXCLUDED.gone WHERE m.gone <> EXCLUDED.gone`,
        [known, gone],
      )
    },

    refuseMember: (userId) => refuseMember(sql, userId),

    async eraseSome(userId, limit, tell) {
      const deleted = await write(async (tx, append) => {
        const reviews = await eraseReviews(tx, userId, limit)
        await append(tx, reviews.flatMap(tell.deleted))
        return reviews.length
      })
      const unmarked = await write(async (tx, append) => {
        const reviews = await eraseMarks(tx, userId, limit)
        await append(tx, reviews.flatMap(tell.unmarked))
        return reviews.length
      })
      return deleted + unmarked
    },

    async ping() {
      await Promise.all([sql.query('SELECT 1', []), reads.query('SELECT 1', [])])
    },

    async close() {
      await Promise.all([client.$disconnect(), reads.close()])
    },
  }
}
