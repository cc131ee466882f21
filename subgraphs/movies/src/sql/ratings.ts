import type { Sql } from '@movieverse/kit/sql'
import { movieKeys } from '../ranking.ts'
import type { OwnRatings } from '../store.ts'
import { parameters, updateByRows } from './statement.ts'
import { findMovies } from './writes.ts'

const columns = {
  id: 'int',
  rating_count: 'int',
  rating_average: 'double',
  rating_score: 'double',
  popularity: 'double',
} as const

/**
 * Writes what has changed of the films' ratings, in one statement for all; the films are held by the transaction.
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
  const given = parameters(sql.dialect)
  await sql.execute(
    updateByRows(sql.dialect, 'movies', {
      rows: given.rows(changed, columns),
      columns: Object.keys(columns).filter((name) => name !== 'id'),
    }),
    given.values,
  )
  return changed.length
}
