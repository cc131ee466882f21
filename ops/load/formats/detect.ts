import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readLines } from '../lines.ts'
import type { Source } from '../records.ts'
import { readCatalogue } from './catalogue.ts'
import { readDatFilms, readDatRatings } from './movielens-1m.ts'
import { readTabFilms, readTabRatings } from './movielens-100k.ts'
import { readCsvFilms, readCsvRatings } from './movielens-csv.ts'

/** Nothing that can be loaded lies at the path; the message says what would. */
export class UnknownLayoutError extends Error {
  override readonly name = 'UnknownLayoutError'
}

interface Layout extends Pick<Source, 'layout' | 'kind' | 'sharedIds' | 'films' | 'ratings'> {
  /** Its files, the one with the ratings (or else the films) last. */
  readonly names: readonly string[]
}

/**
 * Recognises a data set by its files.
 * @throws UnknownLayoutError
 */
export async function detectSource(path: string): Promise<Source> {
  if (!existsSync(path)) throw new UnknownLayoutError(`${path} is not there.`)
  return statSync(path).isDirectory()
    ? toSource(path, folderLayout(path))
    : toSource(dirname(path), fileLayout(path))
}

/** Films of a catalogue and ratings in MovieLens' columns side by side: the layout of the sample. */
export function sampleSource(folder: string): Promise<Source> {
  const names = ['films.jsonl.br', 'ratings.csv.br'] as const
  return toSource(folder, {
    layout: 'the sample',
    kind: 'sample',
    names,
    sharedIds: true,
    films: (meter) => readCatalogue(join(folder, names[0]), meter),
    ratings: (meter) => readCsvRatings(join(folder, names[1]), meter),
  })
}

async function toSource(folder: string, { names, ...layout }: Layout): Promise<Source> {
  const sizes = names.map((name) => statSync(join(folder, name)).size)
  const telling = names.at(-1) ?? ''
  return {
    ...layout,
    id: await fingerprint(join(folder, telling)),
    files: Object.fromEntries(names.map((name, index) => [name, sizes[index] ?? 0])),
    bytes: sizes.reduce((sum, size) => sum + size, 0) + (layout.ratings ? (sizes.at(-1) ?? 0) : 0),
  }
}

function folderLayout(folder: string): Layout {
  const has = (...names: string[]) => names.every((name) => existsSync(join(folder, name)))
  if (has('movies.csv', 'ratings.csv', 'links.csv'))
    return {
      layout: 'MovieLens (CSV)',
      kind: 'csv',
      sharedIds: true,
      names: ['links.csv', 'movies.csv', 'ratings.csv'],
      films: (meter) => readCsvFilms(folder, meter),
      ratings: (meter) => readCsvRatings(join(folder, 'ratings.csv'), meter),
    }
  if (has('movies.dat', 'ratings.dat'))
    return {
      layout: 'MovieLens 1M',
      kind: 'dat',
      sharedIds: true,
      names: ['movies.dat', 'ratings.dat'],
      films: (meter) => readDatFilms(folder, meter),
      ratings: (meter) => readDatRatings(folder, meter),
    }
  if (has('u.item', 'u.genre', 'u.data'))
    return {
      layout: 'MovieLens 100K',
      kind: 'tab',
      sharedIds: false,
      names: ['u.genre', 'u.item', 'u.data'],
      films: (meter) => readTabFilms(folder, meter),
      ratings: (meter) => readTabRatings(folder, meter),
    }
  throw new UnknownLayoutError(
    `${folder} is no MovieLens folder: it has neither movies.csv, ratings.csv and links.csv, nor movies.dat and ratings.dat, nor u.item, u.genre and u.data.`,
  )
}

function fileLayout(path: string): Layout {
  if (!/\.(jsonl|ndjson|json)(\.gz|\.br)?$/u.test(path))
    throw new UnknownLayoutError(
      `${path} is no catalogue: name a .jsonl or .jsonl.gz file, or a MovieLens folder.`,
    )
  return {
    layout: 'catalogue (JSON Lines)',
    kind: 'jsonl',
    sharedIds: true,
    names: [basename(path)],
    films: (meter) => readCatalogue(path, meter),
  }
}

/** A hash of the first 1,000 lines, unpacked: the same for a packed copy, and for one to which lines were added. */
async function fingerprint(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const { number, text } of readLines(path)) {
    if (number > 1000) break
    hash.update(`${text}\n`)
  }
  return hash.digest('hex').slice(0, 12)
}
