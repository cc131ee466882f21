import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { detectSource } from '../formats/detect.ts'
import { createStateFile } from '../state.ts'
import { inherited } from './env.ts'
import { dataSets, folderOf } from './folders.ts'
import { openTestStores, type TestStores } from './stores.ts'

let stores: TestStores
let dataDir: string
beforeAll(async () => {
  stores = await openTestStores()
  dataDir = await folderOf({})
})
afterAll(() => stores.close())

function start(...args: readonly string[]) {
  const program = spawn(process.execPath, ['ops/load/index.ts', ...args], {
    env: { ...inherited, ...stores.env, DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = Promise.all([once(program, 'exit'), text(program.stdout), text(program.stderr)]).then(
    ([[code], out, err]) => ({ code: code as number | null, out, err }),
  )
  return { program, ended }
}

test('a folder is loaded, with its counts as the last word and plain lines elsewhere than on a terminal', async () => {
  const { code, out, err } = await start(await folderOf(dataSets.csv)).ended
  expect(err).toMatch(/^Loading MovieLens \(CSV\) …\n/)
  expect(err).not.toContain('\u001b')
  expect(out).toMatch(/^Loaded MovieLens \(CSV\): 3 films, 2 members, 4 ratings in [\d.]+ s\.\n$/)
  expect(code).toBe(0)
})

test('a folder with too many broken lines, one that is none and no folder at all end with a word and not with 0', async () => {
  const broken = { ...dataSets.csv, 'ratings.csv': `${dataSets.csv['ratings.csv']}1,2\n` }
  const spoilt = await start(await folderOf(broken)).ended
  expect(spoilt.out).toContain('ratings.csv, line 6: ')
  expect(spoilt.code).toBe(1)
  const none = await start(await folderOf({})).ended
  expect(none.err).toMatch(/is no MovieLens folder/)
  expect(none.code).toBe(1)
  const nothing = await start().ended
  expect(nothing.err).toMatch(/npm run load -- PATH/)
  expect(nothing.code).toBe(2)
})

test('a load that is killed goes on when it is started again: every rating once, none twice', async () => {
  const films = 60
  const users = 400
  const lines = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('')
  const folder = await folderOf({
    'movies.csv': `movieId,title,genres\n${lines(films, (index) => `${index + 701},Killed Film ${index} (2006),Drama`)}`,
    'links.csv': `movieId,imdbId,tmdbId\n${lines(films, (index) => `${index + 701},,`)}`,
    'ratings.csv': `userId,movieId,rating,timestamp\n${lines(films * users, (index) => `${Math.floor(index / films) + 1},${(index % films) + 701},${(index % 10) / 2 + 0.5},${1_300_000_000 + index}`)}`,
  })
  const count = () => stores.value('reviews', 'select count(*) from reviews')
  const before = await count()
  const { kind, id } = await detectSource(folder)
  const notes = createStateFile(join(dataDir, 'loads'), `${kind}-${id}`)

  const first = start(folder)
  await vi.waitFor(async () => expect((await notes.read())?.ratings.done).toBeGreaterThan(1000), {
    timeout: 25_000,
    interval: 5,
  })
  first.program.kill('SIGKILL')
  expect((await first.ended).code).toBeNull()
  const noted = (await notes.read())?.ratings.done ?? 0
  expect(noted).toBeLessThan(films * users)

  const second = await start(folder).ended
  expect(second.code).toBe(0)
  expect(await count()).toBe(before + films * users)
  const finished = await notes.read()
  expect(finished?.ratings.done).toBe(films * users)
  // At most the batch that was in hand when it was killed was written and not noted.
  expect(finished?.ratings.skipped).toBeLessThanOrEqual(1000)

  const third = await start(folder).ended
  expect(third.out).toMatch(/^Loaded before: /)
  expect(third.code).toBe(0)
  expect(await readFile(join(dataDir, 'loads', `${kind}-${id}.json`), 'utf8')).toContain('"finishedAt":"')
}, 120_000)
