import { type PrismaClientSettings, prismaOptions } from '@movieverse/kit/databases/prisma'
import type { Outbox, OutgoingEvent } from '@movieverse/kit/outbox/outbox'
import { createTableStatistics } from '@movieverse/kit/postgres/statistics'
import { prismaSql, type Sql } from '@movieverse/kit/sql'
import { Prisma, PrismaClient } from './generated/postgres/client.ts'
import { countMovies, countOfGenres, readPage, readPagesOfGenres } from './sql/pages.ts'
import { writeRatings } from './sql/ratings.ts'
import { findCandidates, findMovies, updateMovie, writeMovies } from './sql/writes.ts'
import type { Movie, MovieFacts, MovieStore, UniqueField } from './store.ts'

export interface PrismaMovieStoreSettings {
  readonly client: PrismaClient
  readonly outbox: Outbox
}

/**
 * A client on the service's own database; the composition root shares it with the outbox's relay.
 * @param url PostgreSQL
 */
export function createMoviesClient(
  url: string,
  { connections, onStatement }: PrismaClientSettings = {},
): PrismaClient {
  const options = prismaOptions(url, { connections })
  if (!onStatement) return new PrismaClient(options)
  const client = new PrismaClient({ ...options, log: [{ emit: 'event', level: 'query' }] })
  client.$on('query', ({ query }) => onStatement(query))
  return client
}

/** Tries of a write whose new id was taken by a load in the same moment. */
const tries = 5

/** Films in SQL by Prisma. */
export function createPrismaMovieStore({ client, outbox }: PrismaMovieStoreSettings): MovieStore {
  const sql = prismaSql(client)
  const statistics = createTableStatistics(sql, ['movies', 'movie_genres', 'movie_texts'])

  /** One transaction of a write and its events; the relay is woken when events left with it. */
  async function write<T>(
    work: (sql: Sql, append: (events: readonly OutgoingEvent[]) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    let told = false
    const result = await client.$transaction((tx) => {
      const transaction = prismaSql(tx)
      return work(transaction, async (events) => {
        if (events.length === 0) return
        told = true
        await outbox.append(transaction, events)
      })
    })
    if (told) outbox.wake()
    return result
  }

  /** Which of a film's ids belongs to another film. */
  async function takenField(facts: MovieFacts, self: number | undefined): Promise<UniqueField | undefined> {
    const others = (movies: readonly Movie[]) => movies.some(({ id }) => id !== self)
    if (facts.tmdbId !== null && others(await findMovies(sql, 'tmdb_id', [facts.tmdbId]))) return 'tmdbId'
    if (facts.imdbId !== null && others(await findMovies(sql, 'imdb_id', [facts.imdbId]))) return 'imdbId'
    return undefined
  }

  /** Runs a write again when it met a taken key that nobody holds (any more), or whose holder can be named no more. */
  async function unlessTaken<T>(
    attempt: () => Promise<T>,
    taken: () => Promise<UniqueField | undefined>,
  ): Promise<T | { readonly kind: 'taken'; readonly field: UniqueField }> {
    for (let left = tries; ; left -= 1) {
      try {
        return await attempt()
      } catch (error) {
        if (!isTakenKey(error) || left <= 1) throw error
        const field = await taken()
        if (field) return { kind: 'taken', field }
      }
    }
  }

  return {
    byIds: (ids) => findMovies(sql, 'id', ids),
    byTmdbIds: (ids) => findMovies(sql, 'tmdb_id', ids),
    byImdbIds: (ids) => findMovies(sql, 'imdb_id', ids),
    page: (filter, query) => readPage(sql, filter, query),
    count: (filter) => countMovies(sql, filter),
    pagesOfGenres: (genreIds, query) => readPagesOfGenres(sql, genreIds, query),
    countsOfGenres: (genreIds) => countOfGenres(sql, genreIds),

    create: (facts, tell) =>
      unlessTaken(
        () =>
          write(async (transaction, append) => {
            const writes = [{ id: undefined, wantedId: undefined, facts }]
            const ids = await writeMovies(transaction, { writes, present: new Map(), at: new Date() })
            const movie = await one(findMovies(transaction, 'id', ids))
            await append(tell(movie))
            return { kind: 'created' as const, movie }
          }),
        () => takenField(facts, undefined),
      ),

    async update({ id, expectedVersion }, change, tell) {
      let facts: MovieFacts | undefined
      return unlessTaken(
        () =>
          write(async (transaction, append) => {
            const [present] = await findMovies(transaction, 'id', [id], true)
            if (!present) return { kind: 'gone' as const }
            if (present.version !== expectedVersion) return { kind: 'conflict' as const, movie: present }
            facts = change(present)
            if (!(await updateMovie(transaction, present, { facts, at: new Date() }))) {
              return { kind: 'conflict' as const, movie: present }
            }
            const movie = await one(findMovies(transaction, 'id', [id]))
            await append(tell(movie))
            return { kind: 'updated' as const, movie }
          }),
        async () => (facts ? takenField(facts, id) : undefined),
      )
    },

    async batch(work) {
      for (let left = tries; ; left -= 1) {
        try {
          let written = 0
          const result = await write((transaction, append) => {
            const present = new Map<number, Movie>()
            return work({
              async candidates(identities) {
                const movies = await findCandidates(transaction, identities)
                for (const movie of movies) present.set(movie.id, movie)
                return movies
              },
              write(writes) {
                written += writes.length
                return writeMovies(transaction, { writes, present, at: new Date() })
              },
              tell: append,
            })
          })
          await statistics.grew(written)
          return result
        } catch (error) {
          // A film with one of these ids was added since the candidates were read: read them again.
          if (!isTakenKey(error) || left <= 1) throw error
        }
      }
    },

    setRatings: (ratings) => client.$transaction((tx) => writeRatings(prismaSql(tx), ratings)),

    async knownGenres(ids) {
      const rows = await client.knownGenre.findMany({ where: { id: { in: [...ids] } } })
      return new Set(rows.map(({ id }) => id))
    },

    async saveGenres({ known, gone }) {
      if (known.length > 0) {
        await client.knownGenre.createMany({ data: known.map((id) => ({ id })), skipDuplicates: true })
      }
      if (gone.length > 0) await client.knownGenre.deleteMany({ where: { id: { in: [...gone] } } })
    },

    async ping() {
      await sql.query('SELECT 1', [])
    },

    close: () => client.$disconnect(),
  }
}

async function one(movies: Promise<readonly Movie[]>): Promise<Movie> {
  const [movie] = await movies
  if (!movie) throw new Error('A film that was just written is not there')
  return movie
}

/** A unique key that another row holds, in a statement of our own (P2010) or of Prisma's (P2002). */
function isTakenKey(error: unknown): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false
  if (error.code === 'P2002') return true
  const cause = error.meta?.driverAdapterError
  return cause instanceof Error && isObject(cause.cause) && cause.cause.kind === 'UniqueConstraintViolation'
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
