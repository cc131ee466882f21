import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabases } from '@movieverse/kit/databases/databases'
import { silentLog } from '@movieverse/kit/log'
import { isOutage } from '@movieverse/kit/outage'
import { freePort } from '@movieverse/kit/ports'
import { engineAddress } from '@movieverse/kit/testing/engines'
import { openMoviesEngine } from '@movieverse/movies/engine'
import { movieCreated } from '@movieverse/movies/events'
import { noFacts } from '@movieverse/movies/movies'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createEngineSet } from '../engines/set.ts'

const rounds = 3
const writers = 4
/** Films of a round that are acknowledged before the server is killed. */
const before = 40

async function startServer() {
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-mysql-'))
  // MariaDB's port is the one after the base.
  const basePort = (await freePort()) - 1
  const set = createEngineSet({ folder, basePort, env: {}, say: () => undefined })
  onTestFinished(async () => {
    await set.reset(['mariadb'])
    await rm(folder, { recursive: true, force: true })
  })
  await set.up(['mariadb'])
  const env = await readFile(join(folder, 'env'), 'utf8')
  return { set, url: /^DATABASE_URL_MOVIES=(.*)$/m.exec(env)?.[1] ?? '' }
}

describe.runIf(engineAddress('mariadb') !== null)(
  'a MySQL server that is killed while films are written',
  () => {
    test('has every film that was acknowledged, whole, with its one event', {
      timeout: 240_000,
    }, async () => {
      const { set, url } = await startServer()
      const env = { DATABASE_URL_MOVIES: url }
      const databases = await openDatabases({ services: ['movies'], env, dataDir: 'none', log: silentLog })
      expect(databases.embedded).toBeUndefined()
      await databases.migrate('movies')
      const { store, database } = openMoviesEngine(url)
      onTestFinished(() => store.close())
      const acknowledged = new Map<number, string>()
      const told = async () => {
        const rows = await database.sql.query<{ id: string }>('SELECT `key` AS id FROM outbox', [])
        return rows.map(({ id }) => Number(id)).sort((a, b) => a - b)
      }
      for (let round = 1; round <= rounds; round += 1) {
        const wanted = acknowledged.size + before
        const refused: unknown[] = []
        const work = Array.from({ length: writers }, async (_, writer) => {
          for (let number = 0; refused.length === 0; number += 1) {
            const title = `Film ${round} ${writer} ${number}`
            try {
              const outcome = await store.create({ ...noFacts, title, genreIds: [7] }, (movie) => [
                movieCreated(movie),
              ])
              if (outcome.kind === 'created') acknowledged.set(outcome.movie.id, title)
            } catch (error) {
              // Not acknowledged: the server is gone.
              refused.push(error)
            }
          }
        })
        await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(wanted), { timeout: 60_000 })
        await set.kill(['mariadb'])
        await Promise.all(work)
        // A read as well, now that nobody listens.
        refused.push(
          await store.byIds([1]).then(
            () => 'answered',
            (error: unknown) => error,
          ),
        )
        expect(refused.filter((error) => !isOutage(error))).toEqual([])
        await set.up(['mariadb'])
        // The same store, which nobody started anew.
        await vi.waitFor(() => store.ping(), { timeout: 30_000, interval: 200 })

        const ids = [...acknowledged.keys()]
        const found = new Map((await store.byIds(ids)).map(({ id, title }) => [id, title]))
        expect(found).toEqual(acknowledged)
        const all = await database.sql.query<{ id: number }>('SELECT id FROM movies ORDER BY id', [])
        const genres = await database.sql.query<{ id: number }>(
          'SELECT movie_id AS id FROM movie_genres ORDER BY movie_id',
          [],
        )
        const texts = await database.sql.query<{ id: number }>(
          'SELECT movie_id AS id FROM movie_texts ORDER BY movie_id',
          [],
        )
        expect(genres).toEqual(all)
        expect(texts).toEqual(all)
        expect(await told()).toEqual(all.map(({ id }) => id))
        // Written and not acknowledged is what was under way, no more.
        expect(all.length - acknowledged.size).toBeLessThanOrEqual(writers * round)
      }
    })
  },
)
