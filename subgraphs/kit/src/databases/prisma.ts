import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { PrismaPg } from '@prisma/adapter-pg'
import { mysqlPool } from '../mysql/connect.ts'
import { patience } from '../postgres/patience.ts'
import { createStatementNames, plannedOnce } from '../postgres/prepared.ts'
import { databaseEngine, databaseName } from './engine.ts'

export interface PrismaClientSettings {
  /** At once at most; default 5. */
  readonly connections?: number
  /** Told of every statement: what tests count. */
  readonly onStatement?: (sql: string) => void
}

export interface PrismaOptions {
  readonly connections?: number
  /** PostgreSQL: every prepared statement has one plan for all its parameters, see `plannedOnce`. Default false. */
  readonly planOnce?: boolean
}

/**
 * What a generated client is made with, by the engine of the URL: statements are prepared, and transactions wait for a
 * connection and run as long as they need on a busy machine (the batches of a load, writers that queue behind each other).
 */
export function prismaOptions(url: string, { connections = 5, planOnce = false }: PrismaOptions = {}) {
  return {
    adapter:
      databaseEngine(url) === 'mysql'
        ? new PrismaMariaDb(mysqlPool(url, connections), { database: databaseName(url) })
        : new PrismaPg(
            {
              connectionString: url,
              max: connections,
              ...patience,
              ...(planOnce ? { options: plannedOnce } : {}),
            },
            { statementNameGenerator: createStatementNames() },
          ),
    transactionOptions: { maxWait: 15_000, timeout: 60_000 },
  }
}
