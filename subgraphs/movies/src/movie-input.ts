import { codePoints, hasControls } from '@movieverse/kit/text'
import { z } from 'zod'
import { isCountry, isLanguage } from './codes.ts'

const text = (longest: number, { lines = false } = {}) =>
  z
    .string()
    .transform((value) => value.normalize('NFC').trim())
    .refine((value) => codePoints(value) <= longest, `has at most ${longest.toLocaleString('en')} characters`)
    .refine((value) => !hasControls(value, { lines }), 'has no control characters')

/** Text that may be absent; an empty one is absent too. */
const optionalText = (longest: number, options?: { lines: boolean }) =>
  text(longest, options)
    .nullable()
    .transform((value) => value || null)

export const movieTitle = text(300).refine((value) => value !== '', 'is not empty')
/** The integers that ids are. */
export const movieNumber = z.int().positive().max(2_147_483_647)

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)]
/** null stands for none. */
const listOf = <T extends z.ZodType>(item: T, most: number) =>
  z
    .array(item)
    .max(most, `has at most ${most} entries`)
    .nullable()
    .transform((values) => distinct(values ?? []))

const firstDate = '1870-01-01'
/** Films are announced some years ahead. */
const yearsAhead = 10

function isReleaseDate(date: string): boolean {
  const last = new Date()
  last.setUTCFullYear(last.getUTCFullYear() + yearsAhead)
  return date >= firstDate && date <= last.toISOString().slice(0, 10)
}

function isWebAddress(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)
}

export const releaseDate = z.iso
  .date('is a day, yyyy-mm-dd')
  .refine(isReleaseDate, `is from ${firstDate} to ${yearsAhead} years ahead`)
export const runtime = z.int().min(1, 'is 1 to 1,000 minutes').max(1000, 'is 1 to 1,000 minutes')
export const imdbId = z.string().regex(/^tt\d{7,9}$/, 'is tt and seven to nine digits')
export const isImdbId = (id: string): boolean => imdbId.safeParse(id).success
export const posterUrl = z
  .string()
  .max(2048, 'has at most 2,048 characters')
  .refine(isWebAddress, 'is an http or https address')
const digits = z
  .string()
  .regex(/^[1-9]\d{0,9}$/, 'is a positive integer')
  .transform(Number)
  .refine((value) => value <= 2_147_483_647, 'is too large')

const fields = {
  title: movieTitle,
  originalTitle: optionalText(300),
  alternativeTitles: listOf(movieTitle, 50),
  tmdbId: digits.nullable(),
  imdbId: imdbId.nullable(),
  overview: optionalText(10_000, { lines: true }),
  tagline: optionalText(1000),
  releaseDate: releaseDate.nullable(),
  runtime: runtime.nullable(),
  genreIds: listOf(digits, 30),
  originalLanguage: z.string().refine(isLanguage, 'is a code of ISO 639-1').nullable(),
  countries: listOf(z.string().refine(isCountry, 'is a code of ISO 3166-1 alpha-2'), 60),
  posterUrl: posterUrl.nullable(),
}

/** What an administrator may say of a film; absent fields are left alone, null takes a fact away. */
export const movieInput = z.object(fields).partial()
export type MovieInput = z.input<typeof movieInput>
export type CheckedMovieInput = z.output<typeof movieInput>

/** What is wrong with a value, said to the one who sent it. */
export interface InputFault {
  readonly field: readonly string[]
  readonly message: string
}

/** @returns the facts, or every fault of the input */
export function checkMovieInput(
  input: MovieInput,
): { readonly checked: CheckedMovieInput } | { readonly faults: readonly InputFault[] } {
  const result = movieInput.safeParse(input)
  if (result.success) return { checked: result.data }
  const faults = result.error.issues.map(({ path, message }) => {
    const field = path.map(String)
    const name = field.filter((part) => !/^\d+$/.test(part)).join('.')
    return { field, message: /^(is|has) /.test(message) ? `${name} ${message}.` : `${name}: ${message}.` }
  })
  return { faults }
}
