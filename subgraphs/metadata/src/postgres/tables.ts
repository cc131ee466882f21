import { StartupError } from '@movieverse/kit/errors'
import { outboxTables } from '@movieverse/kit/outbox/tables'
import type { Pool } from 'pg'

/**
 * The schema's versions, each the SQL that leads to it from the one before. Never edited once released: what changes is
 * added. Documents hold what a MongoDB collection would; ids and versions stand beside them.
 */
const versions: readonly string[] = [
  `
  create sequence genre_ids as integer;
  create sequence person_ids as integer;

  create table genres (id integer primary key, document jsonb not null, version integer not null);
  create unique index genres_slug on genres ((document->>'slug'));
  create unique index genres_name on genres ((document->>'nameKey'));

  create table people (id integer primary key, document jsonb not null, version integer not null);
  create unique index people_tmdb on people (((document->>'tmdbPersonId')::integer))
    where document->>'tmdbPersonId' is not null;
  create index people_name on people ((document->>'nameKey') collate "C", id);
  create function words_of(document jsonb) returns tsvector language sql immutable parallel safe return
    array_to_tsvector(array(select jsonb_array_elements_text(document->'words')));
  create index people_words on people using gin (words_of(document));

  create table credits (id integer primary key, document jsonb not null, version integer not null);
  create index credits_people on credits using gin ((document->'personIds') jsonb_path_ops);

  create table analysis (id integer primary key, document jsonb not null, version integer not null);

  create table movies (id integer primary key, gone boolean not null);
  create index movies_gone on movies (id) where gone;

  ${outboxTables}
  `,
  // Everyone in the film, once for each credit: small and exact where the document is neither. Without fastupdate, whose list
  // of pending entries every read would walk until the next vacuum.
  `
  alter table credits add column people integer[] not null default '{}';
  update credits set people = array(
    select (part->>'personId')::integer from jsonb_array_elements(document->'cast') as part
    union all
    select director::text::integer from jsonb_array_elements(document->'directorIds') as director
  );
  alter table credits alter column people drop default;
  create index credits_of_people on credits using gin (people) with (fastupdate = off);
  drop index credits_people;
  `,
]

/** One program at a time makes or upgrades the tables. */
const schemaLock = 7_309_402_118_553_101n

/**
 * Makes the tables, or brings older ones up to date, in one transaction: a failure leaves the old schema.
 * @throws StartupError DATA_VERSION when a newer program made the database
 */
export async function prepareTables(pool: Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [schemaLock.toString()])
    await client.query('create table if not exists metadata_schema (version integer not null)')
    const { rows } = await client.query<{ version: number }>('select version from metadata_schema')
    const present = rows[0]?.version ?? 0
    if (present > versions.length)
      throw new StartupError(
        'DATA_VERSION',
        `The database metadata has the schema version ${present} of a newer program; this one knows ${versions.length}.`,
        'Start the newer version, or another database.',
      )
    if (present < versions.length) {
      for (const statements of versions.slice(present)) await client.query(statements)
      await client.query('delete from metadata_schema')
      await client.query('insert into metadata_schema (version) values ($1)', [versions.length])
    }
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}
