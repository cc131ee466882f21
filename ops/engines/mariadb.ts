import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createConnection } from 'mariadb'
import { writeLines } from './configuration.ts'
import type { Engine, Place } from './engine.ts'
import { debianPackage } from './sources/debian.ts'
import { findProgram, run } from './sources/run.ts'

/** MariaDB, in the place of MySQL. */
export const mariadb: Engine = {
  name: 'mariadb',
  source: debianPackage('mariadb-server', () => findProgram('mariadbd') !== undefined),
  server: {
    ports: [1],
    stopSignal: 'SIGTERM',
    variables: ({ ports: [port], password }) => ({
      DATABASE_URL_MOVIES: `mysql://movieverse:${password}@127.0.0.1:${port}/movies`,
    }),
    async prepare(place) {
      const { folder } = place
      await makeData(folder)
      await writeLines(join(folder, 'start.sql'), accounts(place))
      const configuration = join(folder, 'my.cnf')
      await writeLines(configuration, settings(place))
      return [{ name: 'server', file: 'mariadbd', args: [`--defaults-file=${configuration}`] }]
    },
    async check({ DATABASE_URL_MOVIES = '' }) {
      const url = new URL(DATABASE_URL_MOVIES)
      const connection = await createConnection({
        host: url.hostname,
        port: Number(url.port || 3306),
        user: decodeURIComponent(url.username),
        password: decodeURIComponent(url.password),
        database: url.pathname.slice(1),
        connectTimeout: 2000,
        socketTimeout: 5000,
      })
      try {
        await connection.query('SELECT 1')
      } finally {
        await connection.end()
      }
    },
  },
}

const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []

/** A folder that is only half made by a killed start is made again. */
async function makeData(folder: string): Promise<void> {
  const data = join(folder, 'data')
  if (existsSync(data)) return
  const making = join(folder, 'data.making')
  await rm(making, { recursive: true, force: true })
  await mkdir(making)
  const flags = ['--auth-root-authentication-method=normal', '--skip-name-resolve', '--skip-test-db']
  await run('mariadb-install-db', ['--no-defaults', `--datadir=${making}`, ...flags, ...asRoot])
  await rename(making, data)
}

/** Runs at every start, before the server takes connections. */
function accounts({ password }: Place): readonly string[] {
  return [
    "DELETE FROM mysql.global_priv WHERE User IN ('root', '');",
    'FLUSH PRIVILEGES;',
    `CREATE OR REPLACE USER movieverse@'127.0.0.1' IDENTIFIED BY '${password}';`,
    "GRANT ALL ON *.* TO movieverse@'127.0.0.1' WITH GRANT OPTION;",
    'CREATE DATABASE IF NOT EXISTS movies;',
  ]
}

/** As MySQL 8 behaves where the two differ: strict, all of Unicode, UTC. */
function settings({ folder, ports: [port] }: Place): readonly string[] {
  return [
    '[mariadbd]',
    ...(asRoot.length > 0 ? ['user = root'] : []),
    `datadir = ${join(folder, 'data')}`,
    `init-file = ${join(folder, 'start.sql')}`,
    // Inside the data folder: a socket's path is short.
    'socket = server.sock',
    'bind-address = 127.0.0.1',
    `port = ${port}`,
    'skip-name-resolve',
    'character-set-server = utf8mb4',
    'collation-server = utf8mb4_unicode_ci',
    "default-time-zone = '+00:00'",
    'sql-mode = ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    'max-connections = 500',
  ]
}
