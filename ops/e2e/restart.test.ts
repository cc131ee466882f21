import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { freePort } from '@movieverse/kit/ports'
import { afterAll, expect, test } from 'vitest'
import { ask, cleanUp, dataFolder, launch, type Platform, register, start } from './platform.ts'

afterAll(cleanUp)

const CREATE = /* GraphQL */ `
  mutation ($title: String!) { createMovie(input: { title: $title, releaseDate: "2020-01-01" }) { movie { id } errors { code message } } }
`
const REVIEW = /* GraphQL */ `
  mutation ($movieId: ID!) { createReview(input: { movieId: $movieId, rating: 4.5 }) { review { id } errors { code message } } }
`

/** Signs in with the password that the first start has printed. */
async function administrator(platform: Platform): Promise<string> {
  const password = /admin\s+(\S{12,})/.exec(platform.output())?.[1]
  const { data, errors } = await ask(
    platform.url,
    'mutation ($i: LoginInput!) { login(input: $i) { session { accessToken } errors { code } } }',
    { i: { username: 'admin', password } },
  )
  if (!data?.login.session) throw new Error(JSON.stringify({ data, errors, password }))
  return data.login.session.accessToken
}

/** PostgreSQL processes that work in the folder. */
function serversIn(folder: string): string[] {
  return execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder) && line.includes('postgres'))
}

test('kill -9 in the middle of 200 reviews: none that was acknowledged is missing, and the next start recovers by itself', async () => {
  const environment = { DATA_DIR: await dataFolder(), SAMPLE: 'none' }
  const first = await start(environment)
  const token = await administrator(first)
  const films: string[] = []
  for (let i = 0; i < 200; i++) {
    const { data } = await ask(first.url, CREATE, { title: `Film ${i}` }, token)
    films.push(data.createMovie.movie.id)
  }
  const member = await register(first.url, 'reviewer')
  const acknowledged: string[] = []
  let asked = 0
  const work = Array.from({ length: 8 }, async () => {
    for (let movieId = films[asked++]; movieId !== undefined; movieId = films[asked++]) {
      const answer = await ask(first.url, REVIEW, { movieId }, member.token)
      if (answer.data?.createReview.review) acknowledged.push(answer.data.createReview.review.id)
      if (acknowledged.length === 100) first.process.kill('SIGKILL')
    }
  })
  await Promise.allSettled(work)
  await first.stop('SIGKILL')
  expect(acknowledged.length).toBeGreaterThanOrEqual(100)
  expect(acknowledged.length).toBeLessThan(200)

  const second = await start(environment)
  const found = await Promise.all(
    acknowledged.map(
      async (id) =>
        (await ask(second.url, 'query ($id: ID!) { review(id: $id) { id author { username } } }', { id }))
          .data.review,
    ),
  )
  expect(found.map((review) => review?.id)).toEqual(acknowledged)
  const { data } = await ask(second.url, '{ user(username: "reviewer") { reviewCount } }')
  expect(data.user.reviewCount).toBeGreaterThanOrEqual(acknowledged.length)
  expect(await second.stop('SIGINT')).toBe(0)
  expect(serversIn(environment.DATA_DIR)).toEqual([])
}, 180_000)

test('a fresh platform welcomes with its address, the demo accounts, a one-time administrator password and a query to try', async () => {
  const platform = await start({ DATA_DIR: await dataFolder() })
  expect(platform.output()).toContain(platform.url.replace('127.0.0.1', 'localhost'))
  expect(platform.output()).toContain('demo')
  expect(platform.output()).toMatch(/admin\s+\S{12,}/)
  expect(platform.output()).toContain('movie(')
  await platform.stop()
}, 300_000)

test('without the sample there is an administrator and no demo account', async () => {
  const platform = await start({ DATA_DIR: await dataFolder(), SAMPLE: 'none' })
  expect(platform.output()).not.toContain('demo')
  const { data } = await ask(
    platform.url,
    '{ movies { totalCount } genres { id } user(username: "demo") { id } }',
  )
  expect(data).toEqual({ movies: { totalCount: 0 }, genres: [], user: null })
  await platform.stop()
}, 120_000)

/** What a start prints that can't succeed, with its exit code. */
async function refused(environment: Record<string, string>) {
  const { ended, output } = launch({ SAMPLE: 'none', ...environment })
  return { code: await ended, output: output() }
}

test('a taken port is said in a line that tells what to do', async () => {
  const port = await freePort()
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  const { code, output } = await refused({ DATA_DIR: await dataFolder(), PORT: String(port) })
  other.close()
  expect(code).not.toBe(0)
  expect(output).toMatch(new RegExp(`Port ${port} .*is taken[\\s\\S]*PORT`))
}, 60_000)

test('a data folder that can’t be written to is said in a line that tells what to do', async () => {
  const { code, output } = await refused({ DATA_DIR: '/proc/movieverse', PORT: String(await freePort()) })
  expect(code).not.toBe(0)
  expect(output).toMatch(/\/proc\/movieverse[\s\S]*DATA_DIR/)
}, 60_000)

test('a data folder of a newer version is left alone', async () => {
  const folder = await dataFolder()
  await mkdir(join(folder, 'postgres/cluster'), { recursive: true })
  await writeFile(join(folder, 'postgres/cluster/PG_VERSION'), '99\n')
  await writeFile(join(folder, 'postgres/layout.json'), JSON.stringify({ layout: 999, postgres: 99 }))
  const { code, output } = await refused({ DATA_DIR: folder, PORT: String(await freePort()) })
  expect(code).not.toBe(0)
  expect(output).toMatch(/newer/)
}, 60_000)

test('settings that are wrong are all named at once', async () => {
  const { code, output } = await refused({ DATA_DIR: await dataFolder(), PORT: 'http', SAMPLE: 'some' })
  expect(code).not.toBe(0)
  expect(output).toMatch(/PORT[\s\S]*SAMPLE/)
}, 60_000)
