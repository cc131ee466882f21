import { basename } from 'node:path'
import { hasControls } from '@movieverse/kit/text'
import { z } from 'zod'
import { genreNames } from '../genres.ts'
import { type Meter, readLines } from '../lines.ts'
import type { FilmRecord, Line } from '../records.ts'
import { readTitles } from '../titles.ts'

const withoutControls = (value: string) => !hasControls(value)
const text = z.string().trim().min(1).max(300).refine(withoutControls, 'has control characters')
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined)
/** Sources write numbers they don't know as 0, or as 81.0. */
const amount = optional(z.number().nonnegative())
const person = z.object({ tmdbPersonId: optional(z.int().positive()), name: text.max(200) })
const list = <T extends z.ZodType>(schema: T) =>
  z
    .array(schema)
    .nullish()
    .transform((value) => value ?? [])

/** One line of a catalogue. Fields that are not named here are left alone. */
const catalogueLine = z.object({
  movieId: z.int().positive(),
  title: text,
  originalTitle: optional(text),
  /** Its presence, even empty, says that titles are already in natural order and apart. */
  alternativeTitles: z.array(text).optional(),
  year: optional(z.int().min(1870).max(2100)),
  releaseDate: optional(z.iso.date()),
  runtime: optional(z.number().min(0).max(1000)),
  genres: z.array(z.string()).nullish(),
  mlGenres: list(z.string()),
  imdbId: optional(z.string().regex(/^tt\d{7,9}$/u)),
  tmdbId: optional(z.int().positive()),
  originalLanguage: optional(z.string()),
  countries: list(z.string().regex(/^[A-Z]{2}$/u)),
  keywords: list(z.string()),
  cast: list(person.extend({ character: optional(z.string().trim()) })),
  directors: list(person),
  voteCount: amount,
  voteAverage: optional(z.number().min(0).max(10)),
  overview: optional(z.string()),
  tagline: optional(z.string()),
  posterPath: optional(z.string().regex(/^\/[\w.-]+$/u)),
})
type CatalogueLine = z.output<typeof catalogueLine>

/** TMDB's own codes: `cn` for Cantonese, `xx` for no language. */
const languages: Readonly<Record<string, string | undefined>> = { cn: 'zh', xx: undefined }
/** What the credits' owner takes of one film; a longer list is cut at its end. */
const longestCast = 500
const mostDirectors = 100
const posterFolder = 'https://image.tmdb.org/t/p/w500'

/** The films of a catalogue: a JSON object a line, plain, `.gz` or `.br`. */
export async function* readCatalogue(path: string, meter?: Meter): AsyncGenerator<Line<FilmRecord>> {
  const file = basename(path)
  for await (const { number, text: line, cut } of readLines(path, { meter })) {
    if (cut) yield { file, number, fault: 'longer than a million characters' }
    else yield { file, number, ...readFilm(line) }
  }
}

function readFilm(line: string): { value: FilmRecord } | { fault: string } {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return { fault: 'not JSON' }
  }
  const read = catalogueLine.safeParse(json)
  if (read.success) return { value: toFilm(read.data) }
  const issue = read.error.issues[0]
  return { fault: `${issue?.path.join('.') || 'line'}: ${issue?.message}` }
}

function toFilm(film: CatalogueLine): FilmRecord {
  const apart = film.alternativeTitles !== undefined || film.originalTitle !== undefined
  const titles = apart
    ? {
        title: film.title,
        originalTitle: film.originalTitle,
        alternativeTitles: film.alternativeTitles ?? [],
      }
    : readTitles(film.title)
  const language = film.originalLanguage
  return {
    ...titles,
    sourceId: film.movieId,
    year: film.year ?? ('year' in titles ? titles.year : undefined) ?? yearOf(film.releaseDate),
    releaseDate: film.releaseDate,
    runtime: film.runtime ? Math.round(film.runtime) : undefined,
    genres: genreNames(film.genres?.length ? film.genres : film.mlGenres),
    imdbId: film.imdbId,
    tmdbId: film.tmdbId,
    originalLanguage: language !== undefined && language in languages ? languages[language] : language,
    countries: film.countries,
    keywords: [
      ...new Set(film.keywords.map((keyword) => keyword.trim()).filter((keyword) => keyword !== '')),
    ],
    cast: film.cast
      .slice(0, longestCast)
      .map((actor) => ({ ...actor, character: actor.character || undefined })),
    directors: film.directors.slice(0, mostDirectors),
    voteCount: film.voteCount === undefined ? undefined : Math.round(film.voteCount),
    voteAverage: film.voteCount === 0 ? undefined : film.voteAverage,
    overview: film.overview?.trim() || undefined,
    tagline: film.tagline?.trim() || undefined,
    posterUrl: film.posterPath === undefined ? undefined : posterFolder + film.posterPath,
  }
}

function yearOf(date: string | undefined): number | undefined {
  return date === undefined ? undefined : Number(date.slice(0, 4))
}
