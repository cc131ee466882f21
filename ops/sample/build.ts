import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { readCatalogue } from '../load/formats/catalogue.ts'
import { readCsvFilms } from '../load/formats/movielens-csv.ts'
import type { FilmRecord, Line } from '../load/records.ts'
import { identifyPeople } from './people.ts'

/** The sample's two files, packed. The same sources give the same bytes. */
export interface Sample {
  readonly films: Buffer
  readonly ratings: Buffer
}

/**
 * Makes the sample from MovieLens latest-small (`ml-latest-small/`) and a catalogue of the same films
 * (`catalogue.jsonl.gz`): facts only, no sentence that someone wrote.
 * @throws Error naming file and line when a source has a broken line
 */
export async function buildSample(folder: string): Promise<Sample> {
  const movielens = join(folder, 'ml-latest-small')
  const catalogue = new Map<number, FilmRecord>()
  for await (const film of sound(readCatalogue(join(folder, 'catalogue.jsonl.gz'))))
    catalogue.set(film.sourceId, film)
  const films: FilmRecord[] = []
  for await (const film of sound(readCsvFilms(movielens)))
    films.push(merge(film, catalogue.get(film.sourceId)))
  films.sort((a, b) => a.sourceId - b.sourceId)
  const lines = identifyPeople(uniqueTmdbIds(films)).map((film) => `${JSON.stringify(facts(film))}\n`)
  return {
    films: pack(lines.join('')),
    ratings: pack(await readFile(join(movielens, 'ratings.csv'), 'utf8')),
  }
}

async function* sound<T>(lines: AsyncIterable<Line<T>>): AsyncGenerator<T> {
  for await (const line of lines) {
    if ('fault' in line) throw new Error(`${line.file}, line ${line.number}: ${line.fault}`)
    yield line.value
  }
}

/** Titles, year and ids from MovieLens, everything else from the catalogue where it knows the film. */
function merge(film: FilmRecord, known: FilmRecord | undefined): FilmRecord {
  return {
    ...known,
    ...film,
    year: film.year ?? known?.year,
    genres: known?.genres.length ? known.genres : film.genres,
    keywords: known?.keywords ?? [],
    cast: known?.cast ?? [],
    directors: known?.directors ?? [],
  }
}

/** MovieLens lists one film twice; its TMDB id stays with the first entry, since an id names one film. */
function uniqueTmdbIds(films: readonly FilmRecord[]): FilmRecord[] {
  const seen = new Set<number>()
  return films.map((film) => {
    if (film.tmdbId === undefined || !seen.has(film.tmdbId)) {
      if (film.tmdbId !== undefined) seen.add(film.tmdbId)
      return film
    }
    return { ...film, tmdbId: undefined }
  })
}

/** The fields of a sample's line, in this order; what is unknown is left out. */
function facts(film: FilmRecord): Record<string, unknown> {
  const some = <T>(list: readonly T[]) => (list.length === 0 ? undefined : list)
  return {
    movieId: film.sourceId,
    title: film.title,
    originalTitle: film.originalTitle,
    alternativeTitles: film.alternativeTitles,
    year: film.year,
    releaseDate: film.releaseDate,
    runtime: film.runtime,
    genres: film.genres,
    imdbId: film.imdbId,
    tmdbId: film.tmdbId,
    originalLanguage: film.originalLanguage,
    countries: some(film.countries),
    keywords: some(film.keywords),
    cast: some(film.cast),
    directors: some(film.directors),
    voteCount: film.voteCount,
    voteAverage: film.voteAverage,
  }
}

function pack(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
}
