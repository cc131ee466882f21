import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { applyMigrations, migrationStatus } from '@movieverse/kit/databases/migrate'
import { createMigrationEngine } from '@movieverse/kit/databases/migration-engine'
import { readMigrations } from '@movieverse/kit/databases/migrations'
import { createTestDatabase, type TestDatabase } from '@movieverse/kit/testing/database'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'

let database: TestDatabase
let folder: string
beforeEach(async () => {
  database = await createTestDatabase('kit')
  folder = await mkdtemp(join(tmpdir(), 'movieverse-migrations-'))
})
afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true, force: true })
})

async function write(name: string, sql: string): Promise<void> {
  const file = join(folder, name, 'migration.sql')
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, sql)
}

async function query(text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

const apply = () => applyMigrations({ url: database.url, folder })
const status = () => migrationStatus({ url: database.url, folder })

test('migrations are applied in order and once, in the table of prisma migrate', async () => {
  await write('20260101000000_init', 'CREATE TABLE film (id int PRIMARY KEY);')
  expect(await apply()).toEqual(['20260101000000_init'])
  await write('20260102000000_title', 'ALTER TABLE film ADD title text;')
  expect(await status()).toMatchObject({
    applied: ['20260101000000_init'],
    pending: ['20260102000000_title'],
  })
  expect(await apply()).toEqual(['20260102000000_title'])
  expect(await apply()).toEqual([])
  expect(
    await query('SELECT migration_name, applied_steps_count FROM _prisma_migrations ORDER BY 1'),
  ).toEqual([
    { migration_name: '20260101000000_init', applied_steps_count: 1 },
    { migration_name: '20260102000000_title', applied_steps_count: 1 },
  ])
})

test('functions and texts with semicolons reach the server whole', async () => {
  await write(
    '20260101000000_init',
    `CREATE FUNCTION two() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 2; END; $$;
     CREATE TABLE film (title text DEFAULT 'a;b'); INSERT INTO film DEFAULT VALUES;`,
  )
  await apply()
  expect(await query('SELECT two(), title FROM film')).toEqual([{ two: 2, title: 'a;b' }])
})

test('a migration that breaks half-way leaves the old schema, says why, and can be mended', async () => {
  await write('20260101000000_init', 'CREATE TABLE film (id int PRIMARY KEY); INSERT INTO film VALUES (7);')
  await apply()
  await write(
    '20260102000000_broken',
    'ALTER TABLE film ADD title text; UPDATE film SET title = 1 / 0; ALTER TABLE film DROP id;',
  )
  await expect(apply()).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringMatching(/20260102000000_broken[\s\S]*division by zero/),
  })
  expect(await query('SELECT * FROM film')).toEqual([{ id: 7 }])
  expect(await status()).toMatchObject({ failed: ['20260102000000_broken'] })
  await write('20260102000000_broken', `ALTER TABLE film ADD title text DEFAULT 'Heat';`)
  expect(await apply()).toEqual(['20260102000000_broken'])
  expect(await query('SELECT * FROM film')).toEqual([{ id: 7, title: 'Heat' }])
  expect(await status()).toMatchObject({ failed: [], pending: [] })
})

test('a database of a newer version and an edited migration are refused', async () => {
  await write('20260101000000_init', 'CREATE TABLE film (id int PRIMARY KEY);')
  await write('20260102000000_newer', 'ALTER TABLE film ADD title text;')
  await apply()
  await rm(join(folder, '20260102000000_newer'), { recursive: true })
  await expect(apply()).rejects.toMatchObject({ code: 'DATA_VERSION' })
  await write('20260102000000_newer', 'ALTER TABLE film ADD subtitle text;')
  await expect(apply()).rejects.toMatchObject({ code: 'MIGRATION_FAILED' })
})

test('the difference between the migrations and a schema is a migration that closes it', async () => {
  await write('20260101000000_init', 'CREATE TABLE film (id int PRIMARY KEY, title text NOT NULL);')
  const schema = [
    'datasource db {\n provider = "postgresql"\n}',
    'model Film {\n id Int @id\n title String\n year Int?\n @@map("film")\n}',
  ].join('\n')
  const engine = await createMigrationEngine(database.url)
  const sql = await engine.diff(folder, await readMigrations(folder), schema)
  expect(sql).toContain('ALTER TABLE "film" ADD COLUMN     "year" INTEGER')
  await write('20260102000000_year', sql)
  expect(await engine.diff(folder, await readMigrations(folder), schema)).toBe('')
  await engine.close()
})
