import type { Sql } from '@movieverse/kit/sql'
import { movieKeys } from '../ranking.ts'
import type { OwnRatings } from '../store.ts'
import { parameters, recordset } from './statement.ts'
import { findMovies } from './writes.ts'

/** Writes what has changed of the films' ratings, in one statement for the batch. */
export async function writeRatings(sql: Sql, ratings: ReadonlyMap<number, OwnRatings>): Promise<number> {
  const present = await findMovies(sql, 'id', [...ratings.keys()], true)
  const changed = present.flatMap((movie) => {
    const told = ratings.get(movie.id)
    if (!told || (told.count === movie.ratings.count && told.average === movie.ratings.average)) return []
    const { popularity, ratingScore } = movieKeys(movie, told)
    return [
      { id: movie.id, told_count: told.count, told_average: told.average, score: ratingScore, popularity },
    ]
  })
  if (changed.length === 0) return 0
  const given = parameters(sql.dialect)
  const rows = recordset(sql.dialect, given.add(JSON.stringify(changed)), {
    id: 'int',
    told_count: 'int',
    told_average: 'double',
    score: 'double',
    popularity: 'double',
  })
  const assignments = (prefix: string) =>
    ['rating_count = v.told_count', 'rating_average = v.told_average', 'rating_score = v.score']
      .concat('popularity = v.popularity')
      .map((assignment) => prefix + assignment)
      .join(', ')
  await sql.execute(
    sql.dialect === 'postgres'
      ? `UPDATE movies m SET ${assignments('')} FROM ${rows} WHERE m.id = v.id`
      : `UPDATE movies m JOIN ${rows} ON m.id = v.id SET ${assignments('m.')}`,
    given.values,
  )
  return changed.length
}
