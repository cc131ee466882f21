import type { Sql, SqlReader } from '@movieverse/kit/sql'
import { movieKeys } from '../ranking.ts'
import { searchText } from '../search-text.ts'
import type { Movie, MovieFacts, MovieIdentities, MovieWrite, OwnRatings } from '../store.ts'
import { chooseIds } from './ids.ts'
import {
  keyColumns,
  keyRow,
  type MovieRow,
  movieColumnNames,
  movieColumns,
  selectedColumns,
  toMovie,
  toRow,
} from './rows.ts'
import { parameters, type RecordColumns, updateByRows } from './statement.ts'

const noRatings: OwnRatings = { count: 0, average: null }

/** Films by one of their columns; held until the transaction ends where `lock` says so. */
export async function findMovies(
  sql: SqlReader,
  column: 'id' | 'tmdb_id' | 'imdb_id',
  values: readonly (number | string)[],
  lock = false,
): Promise<readonly Movie[]> {
  if (values.length === 0) return []
  const given = parameters(sql.dialect)
  const rows = await sql.query<MovieRow>(
    `SELECT ${selectedColumns} FROM movies m WHERE ${given.oneOf(`m.${column}`, values)}
      ${lock ? 'ORDER BY m.id FOR UPDATE' : ''}`,
    given.values,
  )
  return rows.map(toMovie)
}

/** Films that share any of these, held until the transaction ends. */
export async function findCandidates(sql: Sql, identities: MovieIdentities): Promise<readonly Movie[]> {
  const { ids, tmdbIds, imdbIds, titleKeys } = identities
  const given = parameters(sql.dialect)
  const shared = [
    ['m.id', ids],
    ['m.tmdb_id', tmdbIds],
    ['m.imdb_id', imdbIds],
    ['m.title_key', titleKeys],
  ] as const
  const conditions = shared.flatMap(([column, values]) =>
    values.length === 0 ? [] : [given.oneOf(column, values)],
  )
  if (conditions.length === 0) return []
  const rows = await sql.query<MovieRow>(
    `SELECT ${selectedColumns} FROM movies m WHERE ${conditions.join(' OR ')} ORDER BY m.id FOR UPDATE`,
    given.values,
  )
  return rows.map(toMovie)
}

/**
 * One conditional UPDATE: nothing is written unless the film still has the version of `present`.
 * @returns whether it was
 */
export async function updateMovie(
  sql: Sql,
  present: Movie,
  change: { readonly facts: MovieFacts; readonly at: Date },
): Promise<boolean> {
  const { id, ratings, version } = present
  const row = toRow({ id, facts: change.facts, ratings, version: version + 1, updatedAt: change.at })
  const given = parameters(sql.dialect)
  const rows = given.rows([row], movieColumns)
  const updated = await sql.execute(
    updateByRows(sql.dialect, 'movies', {
      rows,
      columns: movieColumnNames.filter((name) => name !== 'id'),
      condition: `m.version = ${given.add(version)}`,
    }),
    given.values,
  )
  if (updated === 0) return false
  await unindex(sql, [id])
  await index(sql, [{ id, facts: change.facts, ratings }])
  return true
}

/**
 * Writes films, each of them new or in place of the one that is there, in one statement for all: films that are there
 * are taken out and put in again.
 * @param batch.present the films that are replaced, held by this transaction
 * @returns the ids, in the order of the writes
 */
export async function writeMovies(
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
    await unindex(sql, replaced)
    await removeRows(sql, 'movies', 'id', replaced)
  }
  const ids = await chooseIds(sql, writes)
  const movies = writes.map(({ id: replacedId, facts }, index) => {
    const before = replacedId === undefined ? undefined : present.get(replacedId)
    const version = (before?.version ?? 0) + 1
    return { id: ids[index] ?? 0, facts, ratings: before?.ratings ?? noRatings, version, updatedAt: at }
  })
  await insertRows(sql, 'movies', { rows: movies.map(toRow), columns: movieColumns })
  await index(sql, movies)
  return ids
}

async function removeRows(
  sql: Sql,
  table: 'movies' | 'movie_genres' | 'movie_texts',
  column: 'id' | 'movie_id',
  ids: readonly number[],
): Promise<void> {
  const given = parameters(sql.dialect)
  await sql.execute(`DELETE FROM ${table} WHERE ${given.oneOf(column, ids)}`, given.values)
}

async function unindex(sql: Sql, ids: readonly number[]): Promise<void> {
  await removeRows(sql, 'movie_genres', 'movie_id', ids)
  await removeRows(sql, 'movie_texts', 'movie_id', ids)
}

/** Writes what films are found by beside their own columns. */
async function index(
  sql: Sql,
  movies: readonly { readonly id: number; readonly facts: MovieFacts; readonly ratings: OwnRatings }[],
): Promise<void> {
  const genres = movies.flatMap(({ id, facts, ratings }) => {
    const keys = keyRow(movieKeys(facts, ratings))
    return [...new Set(facts.genreIds)].map((genreId) => ({ genre_id: genreId, movie_id: id, ...keys }))
  })
  await insertRows(sql, 'movie_genres', {
    rows: genres,
    columns: { genre_id: 'int', movie_id: 'int', ...keyColumns },
  })
  const texts = movies.map(({ id, facts }) => ({
    movie_id: id,
    search_text: searchText([facts.title, facts.originalTitle, ...facts.alternativeTitles]),
  }))
  await insertRows(sql, 'movie_texts', { rows: texts, columns: { movie_id: 'int', search_text: 'text' } })
}

/** One statement, however many rows. */
export async function insertRows(
  sql: Sql,
  table: string,
  insert: {
    readonly rows: readonly Readonly<Record<string, unknown>>[]
    readonly columns: RecordColumns
    /** Leaves rows alone whose key is there. */
    readonly unlessThere?: boolean
  },
): Promise<void> {
  const { rows, columns, unlessThere = false } = insert
  if (rows.length === 0) return
  const given = parameters(sql.dialect)
  const names = Object.keys(columns).join(', ')
  const [ignore, conflict] = !unlessThere
    ? ['', '']
    : sql.dialect === 'mysql'
      ? ['IGNORE', '']
      : ['', 'ON CONFLICT DO NOTHING']
  await sql.execute(
    `INSERT ${ignore} INTO ${table} (${names}) SELECT ${names} FROM ${given.rows(rows, columns)} ${conflict}`,
    given.values,
  )
}
