import { StartupError } from '../errors.ts'

/** The engines that a service's database can be on, each by the schemes of its URLs. */
export type DatabaseEngine = 'postgres' | 'mysql' | 'mongodb'

const engines: Readonly<Record<string, DatabaseEngine>> = {
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  mongodb: 'mongodb',
  'mongodb+srv': 'mongodb',
}

/** @throws StartupError BAD_ENVIRONMENT for a scheme that is none of theirs; its message leaves the URL out (a secret) */
export function databaseEngine(url: string): DatabaseEngine {
  // Not parsed whole: a MongoDB URL may name several hosts, which no URL of the standard does.
  const scheme = /^([a-z+]+):\/\//i.exec(url)?.[1]?.toLowerCase() ?? ''
  const engine = engines[scheme]
  if (engine) return engine
  throw new StartupError(
    'BAD_ENVIRONMENT',
    `A database's URL begins with ${scheme ? `"${scheme}://"` : 'no scheme'}, which is none of ${Object.keys(engines).join(', ')}.`,
    'Set DATABASE_URL_<SERVICE> to a URL of one of these.',
  )
}

/** The database that a URL names. */
export function databaseName(url: string): string {
  return decodeURIComponent(/^[a-z+]+:\/\/[^/]*\/([^?]*)/i.exec(url)?.[1] ?? '')
}

/** The same server, another database. */
export function urlOfDatabase(url: string, name: string): string {
  const other = new URL(url)
  other.pathname = `/${encodeURIComponent(name)}`
  return other.href
}
