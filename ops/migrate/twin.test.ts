import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { postgresTwin } from './twin.mjs'

const schema = (field: string) => `// For MySQL.
generator client {
  provider = "prisma-client"
  output   = "../../subgraphs/shelf/src/generated/mysql"
}

datasource db {
  provider = "mysql"
}

model Book {
  ${field}

  @@fulltext([title])
  @@index([title(length: 100)])
}
`

describe('the PostgreSQL twin of a schema for MySQL', () => {
  test.each([
    ['title String @db.VarChar(300)', 'title String @db.VarChar(300)'],
    ['text String @db.LongText', 'text String @db.Text'],
    ['at DateTime @db.DateTime(3)', 'at DateTime @db.Timestamptz(3)'],
    ['day DateTime @db.Date', 'day DateTime @db.Date'],
    ['seen Int @db.UnsignedInt', 'seen Int @db.Integer'],
    ['cover Bytes @db.VarBinary(16)', 'cover Bytes @db.ByteA'],
    ['data Json @db.Json', 'data Json @db.JsonB'],
  ])('has %s as %s', (mysql, postgres) => {
    expect(postgresTwin(schema(mysql))).toContain(`  ${postgres}\n`)
  })

  test('has its own provider, client and indexes', () => {
    const twin = postgresTwin(schema('title String'))
    expect(twin).toContain('provider = "postgresql"')
    expect(twin).toContain('output   = "../../../subgraphs/shelf/src/generated/postgres"')
    expect(twin).not.toMatch(/fulltext|length|mysql/)
  })

  test('is none of a schema for PostgreSQL', () => {
    expect(postgresTwin(schema('id Int').replace('"mysql"', '"postgresql"'))).toBeUndefined()
  })

  test('stands in the repository as it is generated', () => {
    const original = readFileSync('prisma/movies/schema.prisma', 'utf8')
    expect(readFileSync('prisma/movies/postgres/schema.prisma', 'utf8')).toBe(postgresTwin(original))
  })
})
