import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleSource } from '../../load/formats/detect.ts'
import { enlargeSample } from '../load/enlarge.ts'

const SAMPLE = 'ops/sample/data'
let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'movieverse-enlarge-'))
  await enlargeSample(SAMPLE, folder, 2)
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

async function lines(from: string, file: string): Promise<string[]> {
  return brotliDecompressSync(await readFile(join(from, file)))
    .toString()
    .trimEnd()
    .split('\n')
}

test('twice the sample has twice its films, each with ids of its own', async () => {
  const films = (await lines(folder, 'films.jsonl.br')).map((line) => JSON.parse(line))
  expect(films).toHaveLength(2 * (await lines(SAMPLE, 'films.jsonl.br')).length)
  for (const key of ['movieId', 'imdbId', 'tmdbId']) {
    const ids = films.map((film) => film[key]).filter((id) => id !== undefined)
    expect(new Set(ids).size, key).toBe(ids.length)
  }
})

test('its ratings come from other members, for the films of their own copy, under one header', async () => {
  const [header, ...ratings] = await lines(folder, 'ratings.csv.br')
  expect(header).toBe('userId,movieId,rating,timestamp')
  const pairs = ratings.map((line) => line.split(',', 2).map(Number))
  expect(new Set(pairs.map(([member]) => member)).size).toBe(2 * 610)
  for (const [member = 0, movie = 0] of pairs) expect(movie >= 1_000_000).toBe(member >= 10_000)
})

test('all of it can be loaded', async () => {
  const source = await sampleSource(folder)
  const faults: unknown[] = []
  for await (const line of source.films()) if ('fault' in line) faults.push(line)
  expect(faults).toEqual([])
})
