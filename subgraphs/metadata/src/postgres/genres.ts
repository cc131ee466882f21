import type { OutboxDatabase } from '@movieverse/kit/outbox/database'
import type { Outbox } from '@movieverse/kit/outbox/outbox'
import type { Sql } from '@movieverse/kit/sql'
import { DatabaseError } from 'pg'
import { batchOf } from '../imported-batch.ts'
import { nameKey } from '../names.ts'
import type { Genre, GenreOutcome, MetadataStore, NewGenre } from '../store.ts'
import { allocateIds } from './ids.ts'

interface GenreRow {
  id: number
  document: { name: string; slug: string }
  version: number
}

const toGenre = ({ id, document, version }: GenreRow): Genre => ({
  id,
  name: document.name,
  slug: document.slug,
  version,
})
const toDocument = ({ name, slug }: NewGenre) => JSON.stringify({ name, slug, nameKey: nameKey(name) })

type GenreStore = Pick<
  MetadataStore,
  'genresByIds' | 'genresBySlugs' | 'genres' | 'saveGenre' | 'importGenres'
>

export function createGenreStore(database: OutboxDatabase, outbox: Outbox): GenreStore {
  const read = async (condition: string, parameters: unknown[]) =>
    (
      await database.sql.query<GenreRow>(`select id, document, version from genres ${condition}`, parameters)
    ).map(toGenre)
  return {
    genresByIds: (ids) => read('where id = any($1)', [ids]),
    genresBySlugs: (slugs) => read("where document->>'slug' = any($1)", [slugs]),
    genres: () => read(`order by (document->>'nameKey') collate "C", id`, []),

    async saveGenre(id, change, tell) {
      try {
        return await database.transaction(async (sql): Promise<GenreOutcome> => {
          const present = id === undefined ? undefined : await locked(sql, id)
          if (id !== undefined && !present) return { kind: 'unknown' }
          const genre = await write(sql, present, change(present))
          await outbox.append(sql, tell(genre))
          return { kind: 'saved', genre }
        })
      } catch (error) {
        const taken = takenBy(error)
        if (!taken) throw error
        return { kind: taken }
      }
    },

    importGenres: (genres, tell) =>
      database.transaction(async (sql) => {
        const keys = genres.map(({ name }) => nameKey(name))
        const find = async () => {
          const rows = await sql.query<{ id: number; slug: string; key: string }>(
            `select id, document->>'slug' as slug, document->>'nameKey' as key from genres
             where document->>'nameKey' = any($1) or document->>'slug' = any($2)`,
            [keys, genres.map(({ slug }) => slug)],
          )
          return genres.map(
            ({ slug }, index) =>
              rows.find(({ key }) => key === keys[index])?.id ?? rows.find((row) => row.slug === slug)?.id,
          )
        }
        const found = await find()
        const unknown = genres.filter((_, index) => found[index] === undefined)
        const ids = await allocateIds(sql, 'genre_ids', unknown.length)
        const added = await sql.query<{ id: number }>(
          `insert into genres (id, document, version)
           select * from unnest($1::integer[], $2::jsonb[], array_fill(1, array[cardinality($1::integer[])]))
           on conflict do nothing returning id`,
          [ids, unknown.map(toDocument)],
        )
        await outbox.append(sql, batchOf(added).flatMap(tell))
        // Someone may have added one of them in the same moment: asked again, never guessed.
        const all = added.length === 0 ? found : await find()
        return all.map((id, index) => {
          if (id === undefined) throw new Error(`Genre ${genres[index]?.name} was not imported`)
          return id
        })
      }),
  }
}

async function locked(sql: Sql, id: number): Promise<Genre | undefined> {
  const [row] = await sql.query<GenreRow>(
    'select id, document, version from genres where id = $1 for update',
    [id],
  )
  return row && toGenre(row)
}

async function write(sql: Sql, present: Genre | undefined, genre: NewGenre): Promise<Genre> {
  if (present) {
    const version = present.version + 1
    await sql.execute('update genres set document = $2, version = $3 where id = $1', [
      present.id,
      toDocument(genre),
      version,
    ])
    return { ...genre, id: present.id, version }
  }
  const [id] = await allocateIds(sql, 'genre_ids', 1)
  if (id === undefined) throw new Error('The sequence of genres gave no id')
  await sql.execute('insert into genres (id, document, version) values ($1, $2, 1)', [id, toDocument(genre)])
  return { ...genre, id, version: 1 }
}

/** Which unique index refused the write; undefined for another fault. */
function takenBy(error: unknown): 'name-taken' | 'slug-taken' | undefined {
  if (!(error instanceof DatabaseError) || error.code !== '23505') return undefined
  return error.constraint === 'genres_slug'
    ? 'slug-taken'
    : error.constraint === 'genres_name'
      ? 'name-taken'
      : undefined
}
