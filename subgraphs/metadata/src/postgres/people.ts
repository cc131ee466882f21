import type { OutboxDatabase } from '@movieverse/kit/outbox/database'
import type { Outbox } from '@movieverse/kit/outbox/outbox'
import type { Sql } from '@movieverse/kit/sql'
import { batchOf } from '../imported-batch.ts'
import { type KnownPerson, matchPeople } from '../metadata/match-people.ts'
import { nameKey, nameWords } from '../names.ts'
import { unknownPerson } from '../person-facts.ts'
import type { ImportedPerson, MetadataStore, Person, PersonFacts } from '../store.ts'
import { allocateIds } from './ids.ts'

interface PersonRow {
  id: number
  document: PersonFacts
  version: number
}

const toPerson = ({ id, document, version }: PersonRow): Person => ({
  id,
  name: document.name,
  biography: document.biography,
  birthday: document.birthday,
  deathday: document.deathday,
  photoUrl: document.photoUrl,
  knownFor: document.knownFor,
  tmdbPersonId: document.tmdbPersonId,
  version,
})
const toDocument = (person: PersonFacts) =>
  JSON.stringify({ ...person, nameKey: nameKey(person.name), words: nameWords(person.name) })
type PersonStore = Pick<
  MetadataStore,
  'peopleByIds' | 'people' | 'countPeople' | 'savePerson' | 'importPeople'
>

const columns = 'id, document, version'
/** Imports run one after another: who is who depends on who is there. */
const importLock = 7_309_402_118_553_102n

export function createPersonStore(database: OutboxDatabase, outbox: Outbox): PersonStore {
  const read = async (condition: string, parameters: unknown[]) =>
    (await database.sql.query<PersonRow>(`select ${columns} from people ${condition}`, parameters)).map(
      toPerson,
    )
  return {
    peopleByIds: (ids) => read('where id = any($1)', [ids]),

    people({ words, after, limit }) {
      const order = `order by (document->>'nameKey') collate "C", id limit $1`
      const conditions: string[] = []
      const parameters: unknown[] = [limit]
      if (words.length > 0)
        conditions.push(`words_of(document) @@ $${parameters.push(prefixes(words))}::tsquery`)
      if (after) {
        const key = parameters.push(after.key)
        const id = parameters.push(after.id)
        conditions.push(`((document->>'nameKey') collate "C", id) > ($${key} collate "C", $${id})`)
      }
      return read(`${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''} ${order}`, parameters)
    },

    async countPeople(words) {
      const [row] = await database.sql.query<{ count: number }>(
        words.length === 0
          ? 'select count(*)::integer as count from people'
          : 'select count(*)::integer as count from people where words_of(document) @@ $1::tsquery',
        words.length === 0 ? [] : [prefixes(words)],
      )
      return row?.count ?? 0
    },

    savePerson: (id, change, tell) =>
      database.transaction(async (sql) => {
        const present = id === undefined ? undefined : await locked(sql, id)
        if (id !== undefined && !present) return null
        const person = await write(sql, present, change(present))
        await outbox.append(sql, tell(person))
        return person
      }),

    importPeople: (rows, tell) =>
      database.transaction(async (sql) => {
        await sql.query('select pg_advisory_xact_lock($1)', [importLock.toString()])
        const match = matchPeople(rows, await candidates(sql, rows))
        const ids = await allocateIds(sql, 'person_ids', match.added.length)
        await sql.execute(
          `insert into people (id, document, version)
           select * from unnest($1::integer[], $2::jsonb[], array_fill(1, array[cardinality($1::integer[])]))`,
          [ids, match.added.map((row) => toDocument({ ...unknownPerson, ...row }))],
        )
        if (match.identified.length > 0)
          await sql.execute(
            `update people set version = version + 1,
               document = jsonb_set(document, '{tmdbPersonId}', to_jsonb(found.tmdb))
             from unnest($1::integer[], $2::integer[]) as found (id, tmdb) where people.id = found.id`,
            [match.identified.map(({ id }) => id), match.identified.map(({ tmdbPersonId }) => tmdbPersonId)],
          )
        const written = [...ids.map((id) => ({ id })), ...match.identified]
        await outbox.append(sql, batchOf(written).flatMap(tell))
        return match.rows.map((place) => {
          const id = 'id' in place ? place.id : ids[place.added]
          if (id === undefined) throw new Error('The sequence of people gave too few ids')
          return id
        })
      }),
  }
}

/** `'tom':* & 'ha':*`; quoted, so that no word is read as an operator. */
function prefixes(words: readonly string[]): string {
  return words.map((word) => `'${word.replace(/['\\]/gu, '$&$&')}':*`).join(' & ')
}

function candidates(sql: Sql, rows: readonly ImportedPerson[]): Promise<KnownPerson[]> {
  return sql.query<KnownPerson>(
    `select id, document->>'nameKey' as "nameKey", (document->>'tmdbPersonId')::integer as "tmdbPersonId"
     from people where (document->>'nameKey') collate "C" = any($1)
     union
     select id, document->>'nameKey', (document->>'tmdbPersonId')::integer
     from people where document->>'tmdbPersonId' is not null and (document->>'tmdbPersonId')::integer = any($2)
     order by id`,
    [rows.map(({ name }) => nameKey(name)), rows.flatMap(({ tmdbPersonId }) => tmdbPersonId ?? [])],
  )
}

async function locked(sql: Sql, id: number): Promise<Person | undefined> {
  const [row] = await sql.query<PersonRow>(`select ${columns} from people where id = $1 for update`, [id])
  return row && toPerson(row)
}

async function write(sql: Sql, present: Person | undefined, person: PersonFacts): Promise<Person> {
  if (present) {
    const version = present.version + 1
    await sql.execute('update people set document = $2, version = $3 where id = $1', [
      present.id,
      toDocument(person),
      version,
    ])
    return { ...person, id: present.id, version }
  }
  const [id] = await allocateIds(sql, 'person_ids', 1)
  if (id === undefined) throw new Error('The sequence of people gave no id')
  await sql.execute('insert into people (id, document, version) values ($1, $2, 1)', [id, toDocument(person)])
  return { ...person, id, version: 1 }
}
