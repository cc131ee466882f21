import type { OutboxDatabase } from '@movieverse/kit/outbox/database'
import type { Outbox } from '@movieverse/kit/outbox/outbox'
import { batchOf } from '../imported-batch.ts'
import { creditsPage, type FilmOfPerson, peopleOf } from '../person-credits.ts'
import type { FilmCredits, MetadataStore, NewCredits } from '../store.ts'
import { knowMovies } from './movies.ts'

interface CreditsRow {
  id: number
  document: Omit<NewCredits, 'movieId'>
  version: number
}

interface FilmRow extends CreditsRow {
  person: number
  known: boolean
}

const toFilm = ({ id, document: { cast, directorIds }, known }: FilmRow): FilmOfPerson => ({
  movieId: id,
  cast,
  directorIds,
  movieKnown: known,
})

const toCredits = ({ id, document, version }: CreditsRow): FilmCredits => ({
  movieId: id,
  cast: document.cast,
  directorIds: document.directorIds,
  keywords: document.keywords,
  version,
})

const toDocument = ({ movieId, cast, directorIds, keywords }: NewCredits): string =>
  JSON.stringify({ movieId, cast, directorIds, keywords })

/** `peopleOf` as PostgreSQL writes an array. */
const toPeople = (credits: NewCredits): string => `{${peopleOf(credits).join(',')}}`

type CreditsStore = Pick<
  MetadataStore,
  'credits' | 'creditsOfPeople' | 'countCreditsOfPeople' | 'saveCredits' | 'importCredits'
>

export function createCreditsStore(database: OutboxDatabase, outbox: Outbox): CreditsStore {
  return {
    async credits(movieIds) {
      const rows = await database.sql.query<CreditsRow>(
        'select id, document, version from credits where id = any($1)',
        [movieIds],
      )
      return rows.map(toCredits)
    },

    async creditsOfPeople({ personIds, after, limit }) {
      // `offset 0` keeps the planner from walking all films by id in the hope of meeting the person's soon.
      const rows = await database.sql.query<FilmRow>(
        `select person, film.id, film.document, film.version,
           not exists (select from movies where movies.id = film.id and movies.gone) as known
         from unnest($1::integer[]) as person
         cross join lateral (
           select id from (select id from credits where people @> array[person] offset 0) films
           where id <= $2 order by id desc limit $3
         ) page
         join credits film on film.id = page.id
         order by person, film.id desc`,
        [personIds, after?.movieId ?? 2_147_483_647, limit + 1],
      )
      const films = Map.groupBy(rows, ({ person }) => person)
      return new Map(
        [...films].map(([person, found]) => [
          person,
          creditsPage(person, found.map(toFilm), { after, limit }),
        ]),
      )
    },

    async countCreditsOfPeople(personIds) {
      const rows = await database.sql.query<{ person: number; count: number }>(
        `select person, sum(cardinality(array_positions(people, person)))::integer as count
         from unnest($1::integer[]) as person
         join credits on people @> array[person]
         group by person`,
        [personIds],
      )
      return new Map(rows.map(({ person, count }) => [person, count]))
    },

    saveCredits: (credits, tell) =>
      database.transaction(async (sql) => {
        const [row] = await sql.query<CreditsRow>(
          `insert into credits (id, document, people, version) values ($1, $2, $3, 1)
           on conflict (id) do update
             set document = excluded.document, people = excluded.people, version = credits.version + 1
           returning id, document, version`,
          [credits.movieId, toDocument(credits), toPeople(credits)],
        )
        if (!row) throw new Error(`The credits of film ${credits.movieId} were not written`)
        const saved = toCredits(row)
        await outbox.append(sql, tell(saved))
        return saved
      }),

    importCredits: (credits, tell) =>
      database.transaction(async (sql) => {
        // In order of ids, so that two loads at once lock the rows in one order.
        const ordered = [...credits].sort((a, b) => a.movieId - b.movieId)
        const ids = ordered.map(({ movieId }) => movieId)
        await sql.execute(knowMovies, [ids, false])
        const changed = await sql.query<{ id: number }>(
          `insert into credits (id, document, people, version)
           select id, document, people::integer[], 1
           from unnest($1::integer[], $2::jsonb[], $3::text[]) as film (id, document, people)
           on conflict (id) do update
             set document = excluded.document, people = excluded.people, version = credits.version + 1
           where credits.document <> excluded.document
           returning id`,
          [ids, ordered.map(toDocument), ordered.map(toPeople)],
        )
        await outbox.append(sql, batchOf(changed).flatMap(tell))
        return changed.length
      }),
  }
}
