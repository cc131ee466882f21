import { databaseEngine } from '@movieverse/kit/databases/engine'
import { type PrismaClientSettings, prismaOptions } from '@movieverse/kit/databases/prisma'
import type { PrismaTransactions } from '@movieverse/kit/outbox/database'
import { PrismaClient as MysqlClient } from './generated/mysql/client.ts'
import { PrismaClient as PostgresClient } from './generated/postgres/client.ts'

/** A client generated for PostgreSQL or for MySQL. */
export interface MoviesClient extends PrismaTransactions {
  $disconnect(): Promise<void>
}

/** A client on the service's own database, generated for the engine of the URL. */
export function createMoviesClient(
  url: string,
  { connections, onStatement }: PrismaClientSettings = {},
): MoviesClient {
  const options = prismaOptions(url, { connections })
  const isMysql = databaseEngine(url) === 'mysql'
  if (!onStatement) return isMysql ? new MysqlClient(options) : new PostgresClient(options)
  const tell = ({ query }: { readonly query: string }) => onStatement(query)
  const told = { ...options, log: [{ emit: 'event' as const, level: 'query' as const }] }
  if (isMysql) return new MysqlClient(told).$on('query', tell)
  return new PostgresClient(told).$on('query', tell)
}
