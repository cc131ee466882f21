import { basename, join } from 'node:path'
import { type Meter, readLines } from '../lines.ts'
import type { FilmRecord, Line, RatingRecord } from '../records.ts'
import { film, rating } from './movielens.ts'

/** Columns of `u.item` before the genres' flags: id, title, release date, video release date, IMDb URL. */
const plainColumns = 5

/** `u.item` with the genres of `u.genre`, in Latin-1. */
export async function* readTabFilms(folder: string, meter?: Meter): AsyncGenerator<Line<FilmRecord>> {
  const genres: string[] = []
  for await (const { number, text } of readLines(join(folder, 'u.genre'), { encoding: 'latin1', meter })) {
    const [name = '', index = ''] = text.split('|')
    if (/^\d+$/u.test(index)) genres[Number(index)] = name
    else yield { file: 'u.genre', number, fault: 'not name|index' }
  }
  const path = join(folder, 'u.item')
  for await (const { number, text } of readLines(path, { encoding: 'latin1', meter })) {
    const file = basename(path)
    const columns = text.split('|')
    const flags = columns.slice(plainColumns)
    if (flags.length !== genres.length || flags.some((flag) => flag !== '0' && flag !== '1')) {
      yield { file, number, fault: `not five columns and ${genres.length} genres` }
      continue
    }
    const [id = '', title = '', released = ''] = columns
    const read = film({ id, title, genres: genres.filter((_, index) => flags[index] === '1') })
    yield 'value' in read
      ? { file, number, value: { ...read.value, releaseDate: readDate(released) } }
      : { file, number, ...read }
  }
}

/** `u.data`: user, item, rating, time, between tabs. */
export async function* readTabRatings(folder: string, meter?: Meter): AsyncGenerator<Line<RatingRecord>> {
  const path = join(folder, 'u.data')
  for await (const { number, text } of readLines(path, { encoding: 'latin1', meter })) {
    const [user = '', movie = '', stars = '', time = '', ...more] = text.split('\t')
    const read =
      more.length === 0 ? rating({ user, movie, stars, time }) : { fault: 'not user, movie, rating, time' }
    yield { file: basename(path), number, ...read }
  }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `14-Feb-1997`; the first of January stands for "some time that year" and is left out. */
function readDate(text: string): string | undefined {
  const [day = '', name = '', year = ''] = text.split('-')
  const month = months.indexOf(name) + 1
  if (month === 0 || !/^\d{2}$/u.test(day) || !/^\d{4}$/u.test(year)) return undefined
  return month === 1 && day === '01' ? undefined : `${year}-${String(month).padStart(2, '0')}-${day}`
}
