import type { SqlReader } from '@movieverse/kit/sql'
import type { Movie, MovieFilter, MovieOrder, PageQuery } from '../store.ts'
import { type MovieRow, selectedColumns, toMovie } from './rows.ts'
import { type Parameters, parameters } from './statement.ts'

interface Ordering {
  readonly column: string
  readonly direction: 'ASC' | 'DESC'
}

/** Ties fall to the id in the same direction, so that one index serves each order, forwards or backwards. */
const orderings: Readonly<Record<MovieOrder, Ordering>> = {
  POPULARITY: { column: 'popularity', direction: 'DESC' },
  RATING: { column: 'rating_score', direction: 'DESC' },
  NEWEST: { column: 'newest_key', direction: 'DESC' },
  OLDEST: { column: 'oldest_key', direction: 'ASC' },
  TITLE: { column: 'title_key', direction: 'ASC' },
}

export async function readPage(
  sql: SqlReader,
  filter: MovieFilter,
  query: PageQuery,
): Promise<readonly Movie[]> {
  const given = parameters(sql.dialect)
  const conditions = [...filterConditions(filter, given), ...positionConditions(query, given, ofAll)]
  const rows = await sql.query<MovieRow>(
    `SELECT ${selectedColumns} FROM movies m ${where(conditions)} ${orderBy(query, given, ofAll)}`,
    given.values,
  )
  return rows.map(toMovie)
}

export async function countMovies(sql: SqlReader, filter: MovieFilter): Promise<number> {
  const given = parameters(sql.dialect)
  const [row] = await sql.query<{ count: number | bigint }>(
    `SELECT COUNT(*) AS count FROM movies m ${where(filterConditions(filter, given))}`,
    given.values,
  )
  return Number(row?.count ?? 0)
}

/** One limited walk along the order's index of each genre, all in one statement; the page's films alone are read whole. */
export async function readPagesOfGenres(
  sql: SqlReader,
  genreIds: readonly number[],
  query: PageQuery,
): Promise<ReadonlyMap<number, readonly Movie[]>> {
  const given = parameters(sql.dialect)
  const walks = [...new Set(genreIds)].map((genreId) => {
    const conditions = [`g.genre_id = ${given.add(genreId)}`, ...positionConditions(query, given, ofGenres)]
    return `(SELECT g.genre_id AS parent_id, g.movie_id FROM movie_genres g
      ${where(conditions)} ${orderBy(query, given, ofGenres)})`
  })
  if (walks.length === 0) return new Map()
  const { column, direction } = orderings[query.order]
  const rows = await sql.query<MovieRow & { parent_id: number }>(
    `SELECT p.parent_id, ${selectedColumns} FROM (${walks.join(' UNION ALL ')}) p JOIN movies m ON m.id = p.movie_id
      ORDER BY p.parent_id, m.${column} ${direction}, m.id ${direction}`,
    given.values,
  )
  const pages = Map.groupBy(rows, (row) => row.parent_id)
  return new Map([...pages].map(([genreId, page]) => [genreId, page.map(toMovie)]))
}

export async function countOfGenres(
  sql: SqlReader,
  genreIds: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  if (genreIds.length === 0) return new Map()
  const given = parameters(sql.dialect)
  const rows = await sql.query<{ genre_id: number; count: number | bigint }>(
    `SELECT genre_id, COUNT(*) AS count FROM movie_genres WHERE ${given.oneOf('genre_id', genreIds)}
      GROUP BY genre_id`,
    given.values,
  )
  return new Map(rows.map((row) => [row.genre_id, Number(row.count)]))
}

function filterConditions(filter: MovieFilter, given: Parameters): string[] {
  const conditions: string[] = []
  if (filter.patterns) {
    const matches = filter.patterns.map((pattern) => `t.search_text LIKE ${given.add(pattern)}`)
    conditions.push(`m.id IN (SELECT t.movie_id FROM movie_texts t WHERE ${matches.join(' AND ')})`)
  }
  if (filter.genreIds) {
    conditions.push(
      filter.genreIds.length === 0
        ? 'FALSE'
        : `m.id IN (SELECT g.movie_id FROM movie_genres g WHERE ${given.oneOf('g.genre_id', filter.genreIds)})`,
    )
  }
  if (filter.yearFrom !== undefined) conditions.push(`m.year >= ${given.add(filter.yearFrom)}`)
  if (filter.yearTo !== undefined) conditions.push(`m.year <= ${given.add(filter.yearTo)}`)
  if (filter.originalLanguage !== undefined) {
    conditions.push(`m.original_language = ${given.add(filter.originalLanguage)}`)
  }
  return conditions
}

/** Where a list's order is walked: a table's alias, and the film's id there. */
interface Walked {
  readonly table: string
  readonly id: string
}
const ofAll: Walked = { table: 'm', id: 'm.id' }
const ofGenres: Walked = { table: 'g', id: 'g.movie_id' }

/** Two conditions instead of a comparison of rows, which MySQL would not walk an index for. */
function positionConditions({ order, after }: PageQuery, given: Parameters, { table, id }: Walked): string[] {
  if (!after) return []
  const { column, direction } = orderings[order]
  const beyond = direction === 'ASC' ? '>' : '<'
  return [
    `${table}.${column} ${beyond}= ${given.add(after.key)}`,
    `(${table}.${column} ${beyond} ${given.add(after.key)} OR ${id} ${beyond} ${given.add(after.id)})`,
  ]
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
}

function orderBy({ order, limit }: PageQuery, given: Parameters, { table, id }: Walked): string {
  const { column, direction } = orderings[order]
  return `ORDER BY ${table}.${column} ${direction}, ${id} ${direction} LIMIT ${given.add(limit)}`
}
