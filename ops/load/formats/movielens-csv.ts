import { basename, join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { type Meter, readLines } from '../lines.ts'
import type { FilmRecord, Line, RatingRecord } from '../records.ts'
import { film, rating } from './movielens.ts'

/** `movies.csv` and `links.csv` of the layouts latest-small, latest, 20M, 25M and 32M. */
export async function* readCsvFilms(folder: string, meter?: Meter): AsyncGenerator<Line<FilmRecord>> {
  const links = new Map<number, { imdbId: string | undefined; tmdbId: number | undefined }>()
  for await (const { file, number, columns } of records(join(folder, 'links.csv'), meter)) {
    const [id, imdb = '', tmdb = ''] = columns ?? []
    const movieId = Number(id)
    if (columns?.length !== 3 || !(movieId > 0) || !/^\d*$/u.test(imdb) || !/^\d*$/u.test(tmdb))
      yield { file, number, fault: 'not movieId,imdbId,tmdbId' }
    else
      links.set(movieId, {
        imdbId: imdb === '' ? undefined : `tt${imdb.padStart(7, '0')}`,
        tmdbId: tmdb === '' ? undefined : Number(tmdb),
      })
  }
  for await (const { file, number, columns } of records(join(folder, 'movies.csv'), meter)) {
    const [id = '', title = '', genres = ''] = columns ?? []
    const read =
      columns?.length === 3
        ? film({ id, title, genres: genres.split('|') })
        : { fault: 'not movieId,title,genres' }
    yield 'value' in read
      ? { file, number, value: { ...read.value, ...links.get(read.value.sourceId) } }
      : { file, number, ...read }
  }
}

/** `ratings.csv`, or a packed one. */
export async function* readCsvRatings(path: string, meter?: Meter): AsyncGenerator<Line<RatingRecord>> {
  for await (const { file, number, columns } of records(path, meter)) {
    const [user = '', movie = '', stars = '', time = ''] = columns ?? []
    yield {
      file,
      number,
      ...(columns?.length === 4
        ? rating({ user, movie, stars, time })
        : { fault: 'not userId,movieId,rating,timestamp' }),
    }
  }
}

/**
 * A MovieLens CSV holds no line breaks within quotes, so each line is parsed by itself: one with a quote too many
 * spoils nothing behind it. `columns` is undefined for such a line. The header is left out.
 */
async function* records(
  path: string,
  meter?: Meter,
): AsyncGenerator<{ file: string; number: number; columns: string[] | undefined }> {
  const file = basename(path)
  for await (const { number, text, cut } of readLines(path, { meter })) {
    if (number === 1 && /^(movieId|userId),/u.test(text)) continue
    yield { file, number, columns: cut ? undefined : split(text) }
  }
}

function split(text: string): string[] | undefined {
  if (!text.includes('"')) return text.split(',')
  try {
    return parse(text)[0]
  } catch {
    return undefined
  }
}
