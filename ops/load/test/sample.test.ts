import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLoader, type Loader } from '../loader.ts'
import type { LoadReport } from '../report.ts'
import { createImporters } from '../stores.ts'
import { openTestStores, type TestStores } from './stores.ts'

const sample = 'ops/sample/data'
let stores: TestStores
let folder: string
let loader: Loader
let report: LoadReport

beforeAll(async () => {
  stores = await openTestStores()
  folder = await mkdtemp(join(tmpdir(), 'movieverse-load-'))
  loader = createLoader({ importers: createImporters(stores), stateFolder: folder })
  report = await loader.loadSample(sample)
}, 120_000)
afterAll(async () => {
  await stores.close()
  await rm(folder, { recursive: true, force: true })
})

test('every film, member and rating of the sample is loaded, each by its owner', async () => {
  console.log(report)
  expect(report).toMatchObject({ films: 9742, members: 610, ratings: 100_836, broken: 0, skipped: 0 })
  expect(await stores.value('movies', 'select count(*) from movies')).toBe(9742)
  expect(await stores.value('auth', 'select count(*) from accounts')).toBe(610)
  expect(await stores.value('users', 'select count(*) from profiles')).toBe(610)
  expect(await stores.value('reviews', 'select count(*) from reviews')).toBe(100_836)
  expect(await stores.value('metadata', 'select count(*) from genres')).toBe(20)
})
