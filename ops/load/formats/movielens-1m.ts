import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Meter, readLines } from '../lines.ts'
import type { FilmRecord, Line, RatingRecord } from '../records.ts'
import { film, rating } from './movielens.ts'

/** `movies.dat`: `1::Toy Story (1995)::Animation|Children's|Comedy`. Latin-1 in 1M, UTF-8 in 10M (which has no users.dat). */
export async function* readDatFilms(folder: string, meter?: Meter): AsyncGenerator<Line<FilmRecord>> {
  const encoding = existsSync(join(folder, 'users.dat')) ? 'latin1' : 'utf8'
  const path = join(folder, 'movies.dat')
  for await (const { number, text } of readLines(path, { encoding, meter })) {
    const [id = '', title = '', genres = '', ...more] = text.split('::')
    const read =
      genres !== '' && more.length === 0
        ? film({ id, title, genres: genres.split('|') })
        : { fault: 'not id::title::genres' }
    yield { file: basename(path), number, ...read }
  }
}

/** `ratings.dat`: `1::1193::5::978300760`. */
export async function* readDatRatings(folder: string, meter?: Meter): AsyncGenerator<Line<RatingRecord>> {
  const path = join(folder, 'ratings.dat')
  for await (const { number, text } of readLines(path, { encoding: 'latin1', meter })) {
    const [user = '', movie = '', stars = '', time = '', ...more] = text.split('::')
    const read =
      more.length === 0 ? rating({ user, movie, stars, time }) : { fault: 'not user::movie::rating::time' }
    yield { file: basename(path), number, ...read }
  }
}
