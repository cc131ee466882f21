import type { Pool } from 'pg'
import { createStatementNames } from '../postgres/prepared.ts'
import { type PrismaRaw, pgSql, prismaSql, type Sql } from '../sql.ts'

/** What the relay and the inbox's consumers need of a service's store. */
export interface OutboxDatabase {
  /** Statements outside a transaction. */
  readonly sql: Sql
  /** Commits when `work` resolves, rolls back when it rejects. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>
}

/** What a generated Prisma client is taken for. */
export interface PrismaTransactions extends PrismaRaw {
  $transaction<T>(work: (tx: PrismaRaw) => Promise<T>): Promise<T>
}

/** A generated Prisma client. */
export function prismaDatabase(
  client: PrismaTransactions,
  dialect: Sql['dialect'] = 'postgres',
): OutboxDatabase {
  return {
    sql: prismaSql(client, dialect),
    transaction: (work) => client.$transaction((tx) => work(prismaSql(tx, dialect))),
  }
}

/** A pg pool, its connections its own; what comes again is prepared. */
export function pgDatabase(pool: Pool): OutboxDatabase {
  const names = createStatementNames()
  return {
    sql: pgSql(pool, names),
    async transaction(work) {
      const client = await pool.connect()
      let broken: unknown
      try {
        await client.query('begin')
        const result = await work(pgSql(client, names))
        await client.query('commit')
        return result
      } catch (error) {
        await client.query('rollback').catch((reason: unknown) => {
          broken = reason
        })
        throw error
      } finally {
        // A connection that could not roll back is in an unknown state: destroyed instead of given back.
        client.release(broken !== undefined)
      }
    },
  }
}
