import { createWriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { brotliDecompressSync, constants, createBrotliCompress } from 'node:zlib'
import { z } from 'zod'

/** Larger than any id of the sample, so that the ids of two copies never meet. */
const FILM_STEP = 1_000_000
const TMDB_STEP = 10_000_000
const PERSON_STEP = 100_000_000
const MEMBER_STEP = 10_000

const person = z.looseObject({ tmdbPersonId: z.number().optional() })
const film = z.looseObject({
  movieId: z.number(),
  tmdbId: z.number().optional(),
  imdbId: z.string().optional(),
  cast: z.array(person).optional(),
  directors: z.array(person).optional(),
})

/**
 * Writes the sample `times` over into a folder, in the sample's own layout: each copy has films, people and members
 * of its own, with the same titles, names and ratings.
 */
export async function enlargeSample(sampleFolder: string, folder: string, times: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  const films = await unpacked(join(sampleFolder, 'films.jsonl.br'))
  const [header = '', ...ratings] = await unpacked(join(sampleFolder, 'ratings.csv.br'))
  await pack(
    join(folder, 'films.jsonl.br'),
    copies(times, (copy) => films.map((line) => filmOf(line, copy))),
  )
  await pack(
    join(folder, 'ratings.csv.br'),
    copies(times, (copy) => [
      ...(copy === 0 ? [header] : []),
      ...ratings.map((line) => ratingOf(line, copy)),
    ]),
  )
}

function filmOf(line: string, copy: number): string {
  const { movieId, tmdbId, imdbId, cast, directors, ...rest } = film.parse(JSON.parse(line))
  const people = (list: z.output<typeof person>[] = []) =>
    list.map((one) => ({ ...one, tmdbPersonId: shift(one.tmdbPersonId, copy * PERSON_STEP) }))
  return JSON.stringify({
    movieId: movieId + copy * FILM_STEP,
    ...rest,
    tmdbId: shift(tmdbId, copy * TMDB_STEP),
    // Nine digits at most: the first tells the copies apart.
    imdbId: copy === 0 ? imdbId : imdbId && `tt${copy}${imdbId.slice(2).padStart(8, '0')}`,
    cast: people(cast),
    directors: people(directors),
  })
}

function ratingOf(line: string, copy: number): string {
  const [member, movie, ...rest] = line.split(',')
  return [Number(member) + copy * MEMBER_STEP, Number(movie) + copy * FILM_STEP, ...rest].join(',')
}

const shift = (id: number | undefined, by: number) => (id === undefined ? undefined : id + by)

async function unpacked(path: string): Promise<string[]> {
  return brotliDecompressSync(await readFile(path))
    .toString()
    .trimEnd()
    .split(/\r?\n/)
}

function* copies(times: number, lines: (copy: number) => string[]): Generator<string> {
  for (let copy = 0; copy < times; copy++) yield `${lines(copy).join('\n')}\n`
}

/** Packed lightly: the benchmark's time is not spent on it, and unpacking takes the same. */
function pack(path: string, texts: Generator<string>): Promise<void> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 4 }
  return pipeline(Readable.from(texts), createBrotliCompress({ params }), createWriteStream(path))
}
