import type { Sql } from '@movieverse/kit/sql'
import type { PrismaClient } from '../generated/postgres/client.ts'
import { movieKeys } from '../ranking.ts'
import type { Movie, MovieFacts, MovieIdentities, MovieWrite, OwnRatings } from '../store.ts'
import { chooseIds } from './ids.ts'
import { type MovieRow, toColumns, toMovie } from './rows.ts'
import { parameters } from './statement.ts'

/** What Prisma gives inside a transaction. */
export type Transaction = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0]

const noRatings: OwnRatings = { count: 0, average: null }

export async function insertMovie(tx: Transaction, facts: MovieFacts, at: Date): Promise<number> {
  const columns = toColumns(facts, movieKeys(facts, noRatings), noRatings)
  const { id } = await tx.movie.create({ data: { ...columns, updatedAt: at }, select: { id: true } })
  await indexGenres(tx, [{ id, genreIds: facts.genreIds }])
  return id
}

/**
 * One conditional UPDATE: nothing is written unless the film has this version.
 * @returns whether it was
 */
export async function updateMovie(
  tx: Transaction,
  present: Movie,
  change: { readonly facts: MovieFacts; readonly at: Date },
): Promise<boolean> {
  const { facts, at } = change
  const columns = toColumns(facts, movieKeys(facts, present.ratings), present.ratings)
  const { count } = await tx.movie.updateMany({
    where: { id: present.id, version: present.version },
    data: { ...columns, version: present.version + 1, updatedAt: at },
  })
  if (count === 0) return false
  if (facts.genreIds.join() !== present.genreIds.join()) {
    await tx.movieGenre.deleteMany({ where: { movieId: present.id } })
    await indexGenres(tx, [{ id: present.id, genreIds: facts.genreIds }])
  }
  return true
}

async function indexGenres(
  tx: Transaction,
  movies: readonly { readonly id: number; readonly genreIds: readonly number[] }[],
): Promise<void> {
  const data = movies.flatMap(({ id, genreIds }) =>
    [...new Set(genreIds)].map((genreId) => ({ movieId: id, genreId })),
  )
  if (data.length > 0) await tx.movieGenre.createMany({ data })
}

/** Films by one of their columns, held until the transaction ends where `lock` says so. */
export async function findMovies(
  sql: Sql,
  column: 'id' | 'tmdb_id' | 'imdb_id' | 'title_key',
  values: readonly (number | string)[],
  lock = false,
): Promise<readonly Movie[]> {
  if (values.length === 0) return []
  const given = parameters(sql.dialect)
  const rows = await sql.query<MovieRow>(
    `SELECT m.* FROM movies m WHERE m.${column} IN (${given.list(values)})
      ${lock ? 'ORDER BY m.id FOR UPDATE' : ''}`,
    given.values,
  )
  return rows.map(toMovie)
}

/** Films that share any of these, each once, held until the transaction ends. */
export async function findCandidates(sql: Sql, identities: MovieIdentities): Promise<readonly Movie[]> {
  const found = [
    await findMovies(sql, 'id', identities.ids, true),
    await findMovies(sql, 'imdb_id', identities.imdbIds, true),
    await findMovies(sql, 'tmdb_id', identities.tmdbIds, true),
    await findMovies(sql, 'title_key', identities.titleKeys, true),
  ].flat()
  return [...new Map(found.map((movie) => [movie.id, movie])).values()]
}

/**
 * Writes a load's batch: films that are there are taken out and put in again with what is new, so that both are one
 * bulk statement.
 * @param present those of the writes with an id, as `findCandidates` holds them
 * @returns the ids, in the order of the writes
 */
export async function writeMovies(
  tx: Transaction,
  sql: Sql,
  batch: {
    readonly writes: readonly MovieWrite[]
    readonly present: ReadonlyMap<number, Movie>
    readonly at: Date
  },
): Promise<readonly number[]> {
  const { writes, present, at } = batch
  const replaced = writes.flatMap(({ id }) => (id === undefined ? [] : [id]))
  if (replaced.length > 0) {
    await tx.movieGenre.deleteMany({ where: { movieId: { in: replaced } } })
    await tx.movie.deleteMany({ where: { id: { in: replaced } } })
  }
  const ids = await chooseIds(sql, writes)
  const rows = writes.map(({ id, facts }, index) => {
    const before = id === undefined ? undefined : present.get(id)
    const ratings = before?.ratings ?? noRatings
    return {
      id: ids[index],
      ...toColumns(facts, movieKeys(facts, ratings), ratings),
      version: (before?.version ?? 0) + 1,
      updatedAt: at,
    }
  })
  await tx.movie.createMany({ data: rows })
  await indexGenres(
    tx,
    writes.map(({ facts }, index) => ({ id: ids[index] ?? 0, genreIds: facts.genreIds })),
  )
  return ids
}
