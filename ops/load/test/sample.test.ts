import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLoader, type Loader } from '../loader.ts'
import type { LoadReport } from '../report.ts'
import { createImporters } from '../stores.ts'
import { folderOf } from './folders.ts'
import { openTestStores, type TestStores } from './stores.ts'

const sample = 'ops/sample/data'
let stores: TestStores
let loader: Loader
let report: LoadReport

beforeAll(async () => {
  stores = await openTestStores()
  loader = createLoader({ importers: createImporters(stores), stateFolder: await folderOf({}) })
  report = await loader.loadSample(sample)
}, 180_000)
afterAll(() => stores.close())

test('every film, member and rating of the sample is loaded, each by its owner', async () => {
  expect(report).toMatchObject({ films: 9742, members: 610, ratings: 100_836, broken: 0, skipped: 0 })
  expect(await stores.value('movies', 'select count(*) from movies')).toBe(9742)
  expect(await stores.value('auth', 'select count(*) from accounts')).toBe(610)
  expect(await stores.value('users', 'select count(*) from profiles')).toBe(610)
  expect(await stores.value('reviews', 'select count(*) from reviews')).toBe(100_836)
  expect(await stores.value('metadata', 'select count(*) from genres')).toBe(20)
})

test('films keep MovieLens’ ids, without a sentence that someone wrote', async () => {
  const [film] = await stores.movies.byIds([1])
  expect(film).toMatchObject({
    title: 'Toy Story',
    year: 1995,
    tmdbId: 862,
    runtime: 81,
    overview: null,
    tagline: null,
    posterUrl: null,
  })
  expect(
    await stores.value(
      'movies',
      'select count(*) from movies where overview is not null or tagline is not null',
    ),
  ).toBe(0)
})

test('an actor is one person in all films, in order of billing in each', async () => {
  const [credits] = await stores.metadata.credits([1])
  expect(credits?.cast).toHaveLength(10)
  expect(credits?.cast[0]).toMatchObject({ character: 'Woody (voice)', order: 0 })
  const [hanks] = await stores.metadata.peopleByIds([credits?.cast[0]?.personId ?? 0])
  expect(hanks?.name).toBe('Tom Hanks')
  const films = await stores.metadata.creditsOfPeople({
    personIds: [hanks?.id ?? 0],
    after: undefined,
    limit: 100,
  })
  const ids = films.get(hanks?.id ?? 0)?.map(({ movieId }) => movieId) ?? []
  expect(ids).toContain(356)
  expect(ids.length).toBeGreaterThan(20)
  expect(await stores.metadata.countPeople(['tom', 'hanks'])).toBe(1)
})

test('each batch of at most a thousand rows is told once, as the seed', async () => {
  const told = await stores.rows(
    'reviews',
    "select origin, (data->>'count')::int as count from outbox where type = 'reviews_imported'",
  )
  expect(told).toHaveLength(101)
  expect(told.every(({ origin, count }) => origin === 'seed' && Number(count) <= 1000)).toBe(true)
  const films = await stores.rows('movies', 'select type, origin from outbox')
  expect(films).toEqual(Array.from({ length: 10 }, () => ({ type: 'movies_imported', origin: 'seed' })))
})

test('loaded again it does nothing', async () => {
  expect(await loader.loadSample(sample)).toMatchObject({ alreadyLoaded: true, ratings: 100_836 })
})
