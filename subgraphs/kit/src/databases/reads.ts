import pg from 'pg'
import { patience } from '../postgres/patience.ts'
import { openPool } from '../postgres/pool.ts'
import { createStatementNames, plannedOnce } from '../postgres/prepared.ts'
import { type PrismaRaw, pgSql, prismaSql, type SqlReader } from '../sql.ts'
import { databaseEngine } from './engine.ts'
import type { PrismaClientSettings } from './prisma.ts'

/** Reads of what is committed, outside of any transaction. */
export interface Reads extends SqlReader {
  close(): Promise<void>
}

/**
 * The reads that pages are made of: by keys, or along an index. On PostgreSQL they pass by Prisma, which takes as long as
 * the driver and the server together, on a pool of their own where each statement is planned once (`plannedOnce`). Values
 * are as Prisma's raw queries answer them. On another engine the client itself is asked.
 * @param client of the same database; stays its owner's
 */
export function openReads(url: string, client: PrismaRaw, settings: PrismaClientSettings = {}): Reads {
  if (databaseEngine(url) !== 'postgres') {
    const { query } = prismaSql(client, 'mysql')
    return { dialect: 'mysql', query, close: async () => undefined }
  }
  const { connections = 5, onStatement } = settings
  const pool = openPool({ connectionString: url, max: connections, ...patience, options: plannedOnce, types })
  const { dialect, query } = pgSql(pool, createStatementNames())
  return {
    dialect,
    query(statement, parameters) {
      onStatement?.(statement)
      return query(statement, parameters)
    },
    close: () => pool.end(),
  }
}

/** Numbers of types in `pg_type`. */
const [bigint, date, timestamp] = [20, 1082, 1114]

/** The driver's own take times for local ones, and leave 64-bit integers as text. */
const types: pg.CustomTypesConfig = {
  getTypeParser(id: number, format?: 'text' | 'binary') {
    if (id === bigint) return BigInt
    if (id === date) return (text: string) => new Date(`${text}T00:00:00Z`)
    if (id === timestamp) return (text: string) => new Date(`${text.replace(' ', 'T')}Z`)
    return pg.types.getTypeParser(id, format ?? 'text')
  },
}
