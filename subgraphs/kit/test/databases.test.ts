import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openDatabases } from '@movieverse/kit/databases/databases'
import { urlOfDatabase } from '@movieverse/kit/databases/engine'
import { applyMigrations, migrationStatus } from '@movieverse/kit/databases/migrate'
import { silentLog } from '@movieverse/kit/log'
import { connectMysql } from '@movieverse/kit/mysql/connect'
import { createTestDatabase, sqlEngines } from '@movieverse/kit/testing/database'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'

const open = (service: string, url: string) =>
  openDatabases({
    services: [service],
    env: { [`DATABASE_URL_${service.toUpperCase()}`]: url },
    dataDir: 'no-folder',
    log: silentLog,
  })

const missing = () => `test_made_${randomBytes(6).toString('hex')}`

describe('databases that the environment names', () => {
  test('need no server of the platform, and are made where they are missing', async () => {
    const existing = await createTestDatabase('kit')
    onTestFinished(() => existing.close())
    const name = missing()
    const url = urlOfDatabase(existing.url, name)
    const [one, other] = await Promise.all([open('reviews', url), open('reviews', url)])
    expect([one.embedded, other.embedded]).toEqual([undefined, undefined])
    expect(one.url('reviews')).toBe(url)
    expect((await one.migrate('reviews')).length).toBeGreaterThan(0)
    expect(await other.migrate('reviews')).toEqual([])
    const client = new pg.Client({ connectionString: existing.url })
    await client.connect()
    await client.query(`DROP DATABASE ${name}`)
    await client.end()
  })

  test('are refused by name when their engine is none, or none of the service', async () => {
    await expect(open('movies', 'oracle://secret@host/movies')).rejects.toMatchObject({
      code: 'BAD_ENVIRONMENT',
      message: expect.not.stringContaining('secret'),
    })
    const databases = await open('reviews', 'mongodb://one:27017,two:27017/reviews')
    await expect(databases.migrate('reviews')).rejects.toMatchObject({ code: 'BAD_ENVIRONMENT' })
  })

  test('say when their server does not answer', async () => {
    for (const url of ['postgres://a@127.0.0.1:1/reviews', 'mysql://a@127.0.0.1:1/movies']) {
      await expect(open('movies', url)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    }
  })
})

describe.runIf(sqlEngines.includes('mysql'))('migrations on MySQL', () => {
  async function place() {
    const database = await createTestDatabase('kit', 'mysql')
    const folder = await mkdtemp(join(tmpdir(), 'movieverse-migrations-'))
    const connection = await connectMysql(database.url)
    onTestFinished(async () => {
      await connection.end()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    })
    return {
      async write(name: string, sql: string) {
        const file = join(folder, name, 'migration.sql')
        await mkdir(dirname(file), { recursive: true })
        await writeFile(file, sql)
      },
      apply: () => applyMigrations({ url: database.url, folder }),
      status: () => migrationStatus({ url: database.url, folder }),
      query: (text: string) => connection.query<unknown[]>(text),
    }
  }

  test('are applied in order and once, by one of several processes, in the table of prisma migrate', async () => {
    const { write, apply, status, query } = await place()
    await write('20260101000000_init', "CREATE TABLE film (id INT PRIMARY KEY, t TEXT DEFAULT 'a;b');")
    await write('20260102000000_title', 'INSERT INTO film (id) VALUES (7); ALTER TABLE film ADD title TEXT;')
    const applied = await Promise.all([apply(), apply(), apply()])
    expect(applied.flat().sort()).toEqual(['20260101000000_init', '20260102000000_title'])
    expect(await apply()).toEqual([])
    expect(await query('SELECT id, t FROM film')).toEqual([{ id: 7, t: 'a;b' }])
    expect(
      await query('SELECT migration_name, applied_steps_count AS steps FROM _prisma_migrations ORDER BY 1'),
    ).toEqual([
      { migration_name: '20260101000000_init', steps: 1 },
      { migration_name: '20260102000000_title', steps: 1 },
    ])
    expect(await status()).toMatchObject({ pending: [], failed: [], unknown: [], edited: [] })
  })

  test('that break half-way say why, and are run again from their start when they are mended', async () => {
    const { write, apply, status, query } = await place()
    const begin = 'CREATE TABLE IF NOT EXISTS film (id INT PRIMARY KEY);'
    await write('20260101000000_init', `${begin} INSERT INTO nowhere VALUES (1);`)
    await expect(apply()).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringMatching(/20260101000000_init[\s\S]*nowhere/),
    })
    expect(await status()).toMatchObject({ failed: ['20260101000000_init'] })
    await write('20260101000000_init', `${begin} INSERT INTO film VALUES (1);`)
    expect(await apply()).toEqual(['20260101000000_init'])
    expect(await query('SELECT * FROM film')).toEqual([{ id: 1 }])
    expect(await status()).toMatchObject({ failed: [], pending: [] })
  })
})
