import type { Sql } from '@movieverse/kit/sql'
import { movieKeys } from '../ranking.ts'
import type { OwnRatings } from '../store.ts'
import { parameters, type RecordColumns, updateByRows } from './statement.ts'
import { findMovies } from './writes.ts'

const orderColumns = { rating_score: 'double', popularity: 'double' } as const
const ownColumns = { rating_count: 'int', rating_average: 'double', ...orderColumns } as const

/**
 * Writes what has changed of the films' ratings, and the order within genres that follows, in one statement each for all;
 * the films are held by the transaction.
 * @returns how many films were written
 */
export async function writeRatings(sql: Sql, ratings: ReadonlyMap<number, OwnRatings>): Promise<number> {
  const present = await findMovies(sql, 'id', [...ratings.keys()], true)
  const changed = present.flatMap((movie) => {
    const told = ratings.get(movie.id)
    if (!told || (told.count === movie.ratings.count && told.average === movie.ratings.average)) return []
    const { popularity, ratingScore } = movieKeys(movie, told)
    const { count, average } = told
    return [
      { id: movie.id, rating_count: count, rating_average: average, rating_score: ratingScore, popularity },
    ]
  })
  if (changed.length === 0) return 0
  await update(sql, 'movies', changed, { columns: ownColumns, by: 'id' })
  await update(sql, 'movie_genres', changed, { columns: orderColumns, by: 'movie_id' })
  return changed.length
}

async function update(
  sql: Sql,
  table: string,
  rows: readonly Readonly<Record<string, unknown>>[],
  { columns, by }: { readonly columns: RecordColumns; readonly by: string },
): Promise<void> {
  const given = parameters(sql.dialect)
  const change = { rows: given.rows(rows, { id: 'int', ...columns }), columns: Object.keys(columns), by }
  await sql.execute(updateByRows(sql.dialect, table, change), given.values)
}
