import { createTestDatabase, type SqlEngine, sqlEngines } from '@movieverse/kit/testing/database'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openMoviesEngine } from '../src/engine.ts'

/** What each engine calls a type, as the other one. MariaDB's JSON is a LONGTEXT that is checked. */
const types: Readonly<Record<string, string>> = {
  integer: 'int',
  'double precision': 'double',
  'character varying': 'varchar',
  character: 'char',
  'timestamp without time zone': 'datetime',
  mediumtext: 'text',
  jsonb: 'json',
  longtext: 'json',
}

interface Column {
  readonly place: string
  readonly type: string
  readonly length: number | bigint | null
  readonly nullable: string
  readonly digits: number | bigint | null
}

const columnsOf: Readonly<Record<SqlEngine, string>> = {
  postgres: `SELECT table_name || '.' || column_name AS place, data_type AS type, character_maximum_length AS length,
      is_nullable AS nullable, CASE WHEN data_type LIKE 'timestamp%' THEN datetime_precision END AS digits
    FROM information_schema.columns WHERE table_schema = 'public'`,
  mysql: `SELECT CONCAT(table_name, '.', column_name) AS place, data_type AS type,
      CASE WHEN data_type LIKE '%char' THEN character_maximum_length END AS length, is_nullable AS nullable,
      datetime_precision AS digits
    FROM information_schema.columns WHERE table_schema = DATABASE()`,
}

/** Keys and indexes by name, each with its columns in order; a primary key's name is not MySQL's to choose. */
const keysOf: Readonly<Record<SqlEngine, string>> = {
  postgres: `SELECT t.relname || '.' || CASE WHEN x.indisprimary THEN 'PRIMARY' ELSE i.relname END AS name,
      x.indisunique AS unlike,
      array_to_string(array(SELECT a.attname FROM unnest(x.indkey) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number ORDER BY k.place), ',') AS columns
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_am m ON m.oid = i.relam
    WHERE n.nspname = 'public' AND m.amname = 'btree'`,
  mysql: `SELECT CONCAT(table_name, '.', index_name) AS name, MAX(non_unique = 0) AS unlike,
      GROUP_CONCAT(column_name ORDER BY seq_in_index) AS columns
    FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name`,
}

async function tablesOn(engine: SqlEngine) {
  const server = await createTestDatabase('movies', engine)
  const { store, database } = openMoviesEngine(server.url)
  onTestFinished(async () => {
    await store.close()
    await server.close()
  })
  const columns = await database.sql.query<Column>(columnsOf[engine], [])
  const keys = await database.sql.query<{ name: string; unlike: unknown; columns: string }>(
    keysOf[engine],
    [],
  )
  const shared = (name: string) => !name.startsWith('_prisma') && !name.startsWith('id_counters')
  return {
    columns: columns
      .filter(({ place }) => shared(place))
      .map(({ place, type, length, nullable, digits }) =>
        [place, types[type] ?? type, length, nullable, digits].join(' '),
      )
      .sort(),
    keys: keys
      .filter(({ name }) => shared(name))
      .map(({ name, unlike, columns: of }) => `${name} ${Number(unlike)} ${of}`)
      .sort(),
  }
}

describe.runIf(sqlEngines.includes('mysql'))('the migrations for MySQL', () => {
  it('lead to the tables, columns and keys of those for PostgreSQL', async () => {
    const postgres = await tablesOn('postgres')
    expect(postgres.columns.length).toBeGreaterThan(50)
    expect(postgres.keys.length).toBeGreaterThan(15)
    expect(await tablesOn('mysql')).toEqual(postgres)
  })
})
