import type { Reads } from '@movieverse/kit/databases/reads'
import type { OutboxDatabase } from '@movieverse/kit/outbox/database'
import type { Outbox, OutgoingEvent } from '@movieverse/kit/outbox/outbox'
import { createTableStatistics } from '@movieverse/kit/postgres/statistics'
import type { Sql } from '@movieverse/kit/sql'
import { isLostRace } from './sql/errors.ts'
import { readKnownGenres, saveKnownGenres } from './sql/genres.ts'
import { countMovies, countOfGenres, readPage, readPagesOfGenres } from './sql/pages.ts'
import { writeRatings } from './sql/ratings.ts'
import { findCandidates, findMovies, updateMovie, writeMovies } from './sql/writes.ts'
import type { Movie, MovieFacts, MovieStore, UniqueField } from './store.ts'

export interface PrismaMovieStoreSettings {
  readonly database: OutboxDatabase
  /** Of the same database; closed with the store. */
  readonly reads: Reads
  readonly outbox: Outbox
  /** Lets go of the database. */
  close(): Promise<void>
}

/** Tries of a write that met another one: its new id was taken by a load in the same moment, or each held what the other needed. */
const tries = 5

/** Films in SQL, of PostgreSQL or MySQL, by Prisma. */
export function createPrismaMovieStore(settings: PrismaMovieStoreSettings): MovieStore {
  const { database, reads, outbox } = settings
  const { sql } = database
  const statistics = createTableStatistics(sql, ['movies', 'movie_genres', 'movie_texts'])

  /** One transaction of a write and its events; the relay is woken when events left with it. */
  async function write<T>(
    work: (sql: Sql, append: (events: readonly OutgoingEvent[]) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    let told = false
    const result = await database.transaction((transaction) =>
      work(transaction, async (events) => {
        if (events.length === 0) return
        told = true
        await outbox.append(transaction, events)
      }),
    )
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

  /** Runs a write again when it lost against another one, unless that has a key which is then named. */
  async function unlessTaken<T>(
    attempt: () => Promise<T>,
    taken: () => Promise<UniqueField | undefined>,
  ): Promise<T | { readonly kind: 'taken'; readonly field: UniqueField }> {
    for (let left = tries; ; left -= 1) {
      try {
        return await attempt()
      } catch (error) {
        if (!isLostRace(error) || left <= 1) throw error
        const field = await taken()
        if (field) return { kind: 'taken', field }
      }
    }
  }

  return {
    byIds: (ids) => findMovies(reads, 'id', ids),
    byTmdbIds: (ids) => findMovies(reads, 'tmdb_id', ids),
    byImdbIds: (ids) => findMovies(reads, 'imdb_id', ids),
    // How films are best found depends on what they are found by: such a list is planned for its own filter.
    page: (filter, query) => readPage(Object.keys(filter).length === 0 ? reads : sql, filter, query),
    count: (filter) => countMovies(sql, filter),
    pagesOfGenres: (genreIds, query) => readPagesOfGenres(reads, genreIds, query),
    countsOfGenres: (genreIds) => countOfGenres(reads, genreIds),

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
          if (!isLostRace(error) || left <= 1) throw error
        }
      }
    },

    async setRatings(ratings) {
      const written = await database.transaction((transaction) => writeRatings(transaction, ratings))
      await statistics.grew(written)
      return written
    },
    knownGenres: (ids) => readKnownGenres(reads, ids),
    saveGenres: (genres) => database.transaction((transaction) => saveKnownGenres(transaction, genres)),

    async ping() {
      await reads.query('SELECT 1', [])
    },

    async close() {
      await reads.close()
      await settings.close()
    },
  }
}

async function one(movies: Promise<readonly Movie[]>): Promise<Movie> {
  const [movie] = await movies
  if (!movie) throw new Error('A film that was just written is not there')
  return movie
}
