import { hasControls } from '@movieverse/kit/text'
import { genreNames } from '../genres.ts'
import type { FilmRecord, RatingRecord } from '../records.ts'
import { readTitles } from '../titles.ts'

type Read<T> = { readonly value: T } | { readonly fault: string }

/** A film as every MovieLens layout has it: an id, a title with its year, genres. */
export function film(columns: { id: string; title: string; genres: readonly string[] }): Read<FilmRecord> {
  const sourceId = positive(columns.id)
  if (sourceId === undefined) return { fault: 'movieId is not a positive integer' }
  const titles = readTitles(columns.title)
  if (titles.title === '' || hasControls(columns.title.trim()) || columns.title.length > 300)
    return { fault: 'title is empty, longer than 300 characters or has control characters' }
  return {
    value: {
      ...titles,
      sourceId,
      genres: genreNames(columns.genres),
      countries: [],
      keywords: [],
      cast: [],
      directors: [],
    },
  }
}

/** A rating as every MovieLens layout has it; the time in seconds since 1970. */
export function rating(columns: {
  user: string
  movie: string
  stars: string
  time: string
}): Read<RatingRecord> {
  const sourceUserId = positive(columns.user)
  const sourceMovieId = positive(columns.movie)
  const stars = Number(columns.stars)
  const seconds = positive(columns.time)
  if (sourceUserId === undefined) return { fault: 'userId is not a positive integer' }
  if (sourceMovieId === undefined) return { fault: 'movieId is not a positive integer' }
  if (columns.stars === '' || !(stars >= 0.5 && stars <= 5 && Number.isInteger(stars * 2)))
    return { fault: 'rating is not half stars from 0.5 to 5' }
  if (seconds === undefined || seconds > latest) return { fault: 'timestamp is not a time in seconds' }
  return { value: { sourceUserId, sourceMovieId, rating: stars, createdAt: new Date(seconds * 1000) } }
}

/** 2100: a timestamp in milliseconds is beyond it. */
const latest = 4_102_444_800

function positive(column: string): number | undefined {
  if (!/^\d{1,10}$/u.test(column)) return undefined
  const value = Number(column)
  return value > 0 ? value : undefined
}
