import { openPool } from '@movieverse/kit/postgres/pool'
import { createStatementNames } from '@movieverse/kit/postgres/prepared'
import { createTableStatistics } from '@movieverse/kit/postgres/statistics'
import { pgSql } from '@movieverse/kit/sql'
import { createTestDatabase, type TestDatabase } from '@movieverse/kit/testing/database'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

describe('names of prepared statements', () => {
  test('are the same for the same text and no other', () => {
    const nameOf = createStatementNames()
    const one = nameOf({ sql: 'SELECT 1' })
    expect(one).not.toBe('')
    expect(nameOf({ sql: 'SELECT 2' })).not.toBe(one)
    expect(nameOf({ sql: 'SELECT 1' })).toBe(one)
  })

  test('are few, and none for long statements', () => {
    const nameOf = createStatementNames()
    expect(nameOf({ sql: `SELECT '${'x'.repeat(5000)}'` })).toBe('')
    const names = Array.from({ length: 1000 }, (_, index) => nameOf({ sql: `SELECT ${index}` }))
    expect(new Set(names).size).toBe(201)
    expect(nameOf({ sql: 'SELECT 3' })).toBe(names[3])
  })
})

describe('the statistics of tables that grow', () => {
  let database: TestDatabase
  let pool: pg.Pool
  beforeEach(async () => {
    database = await createTestDatabase('kit')
    pool = openPool({ connectionString: database.url })
    await pool.query('CREATE TABLE things (id int)')
  })
  afterEach(async () => {
    await pool.end()
    await database.close()
  })

  async function rowsKnown(): Promise<number> {
    const { rows } = await pool.query<{ reltuples: number }>(
      `SELECT reltuples FROM pg_class WHERE relname = 'things'`,
    )
    return Math.max(0, rows[0]?.reltuples ?? 0)
  }

  test('are looked at each time the tables have doubled', async () => {
    const statistics = createTableStatistics(pgSql(pool), ['things'])
    const grow = async (rows: number) => {
      await pool.query('INSERT INTO things SELECT generate_series(1, $1::int)', [rows])
      await statistics.grew(rows)
      return rowsKnown()
    }
    expect(await grow(500)).toBe(0)
    expect(await grow(500)).toBe(1000)
    expect(await grow(900)).toBe(1000)
    expect(await grow(100)).toBe(2000)
    expect(await grow(1999)).toBe(2000)
    expect(await grow(1)).toBe(4000)
  })
})
