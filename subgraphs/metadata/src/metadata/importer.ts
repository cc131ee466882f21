import type { EventOrigin } from '@movieverse/schema/events/contract'
import { z } from 'zod'
import { toldOfImport } from '../events.ts'
import { slugOf } from '../names.ts'
import type { ImportedPerson, MetadataStore } from '../store.ts'
import { creditLimits } from './credits.ts'

const id = z.int().positive().max(2_147_483_647)
const genreNames = z.array(
  z
    .string()
    .trim()
    .min(1)
    .max(60)
    .refine((name) => slugOf(name) !== '', 'has letters or digits'),
)
const personRow = z.object({ tmdbPersonId: id.optional(), name: z.string().trim().min(1).max(200) })
const creditsRow = z.object({
  movieId: id,
  cast: z
    .array(z.object({ personId: id, character: z.string().nullish(), order: z.int().nonnegative() }))
    .max(creditLimits.cast),
  directorIds: z.array(id).max(creditLimits.directors),
  keywords: z.array(z.string()).max(creditLimits.keywords),
})
/** A film's credits as a load has them: at most 500 in the cast, 100 directors and 200 keywords. */
export interface ImportedCredits {
  readonly movieId: number
  /** Billed by `order`; gaps in it are closed. */
  readonly cast: readonly {
    readonly personId: number
    readonly character?: string | null
    readonly order: number
  }[]
  readonly directorIds: readonly number[]
  readonly keywords: readonly string[]
}

/** Bulk loads: batches of 1,000 rows, each one transaction and at most one event. The same rows again change nothing. */
export interface MetadataImporter {
  /** @returns ids in the order of the names; one that is there already (without regard to case and accents) is found */
  importGenres(names: readonly string[], origin?: EventOrigin): Promise<number[]>
  /** @returns ids in the order of the rows, found or added as `matchPeople` decides */
  importPeople(rows: readonly ImportedPerson[], origin?: EventOrigin): Promise<number[]>
  /**
   * Replaces films' credits. The films are taken as existing: who loads credits has just loaded them.
   * @returns how many films' credits changed
   * @throws RangeError when a person does not exist; nothing of that batch is written
   */
  importCredits(rows: readonly ImportedCredits[], origin?: EventOrigin): Promise<number>
}

const batchSize = 1000

/** Every function throws ZodError, before anything is written, for rows that it does not take. */
export function createMetadataImporter({ store }: { readonly store: MetadataStore }): MetadataImporter {
  return {
    async importGenres(names, origin = 'import') {
      const genres = genreNames.parse(names).map((name) => ({ name, slug: slugOf(name) }))
      return [...(await store.importGenres(genres, toldOfImport('genres_imported', origin)))]
    },

    async importPeople(rows, origin = 'import') {
      const ids: number[] = []
      for (const batch of batches(z.array(personRow).parse(rows)))
        ids.push(...(await store.importPeople(batch, toldOfImport('people_imported', origin))))
      return ids
    },

    async importCredits(rows, origin = 'import') {
      let changed = 0
      for (const batch of batches(z.array(creditsRow).parse(rows))) {
        await mustExist(store, batch)
        const films = new Map(batch.map((film) => [film.movieId, inOrder(film)]))
        changed += await store.importCredits([...films.values()], toldOfImport('credits_imported', origin))
      }
      return changed
    },
  }
}

function inOrder({ movieId, cast, directorIds, keywords }: ImportedCredits) {
  const billing = [...cast].sort((a, b) => a.order - b.order)
  return {
    movieId,
    cast: billing.map(({ personId, character }, order) => ({
      personId,
      character: character?.trim() || null,
      order,
    })),
    directorIds: [...new Set(directorIds)],
    keywords: [...new Set(keywords.map((keyword) => keyword.trim()))].filter((keyword) => keyword !== ''),
  }
}

async function mustExist(store: MetadataStore, films: readonly ImportedCredits[]): Promise<void> {
  const ids = new Set(
    films.flatMap(({ cast, directorIds }) => [...cast.map(({ personId }) => personId), ...directorIds]),
  )
  const known = new Set((await store.peopleByIds([...ids])).map(({ id: person }) => person))
  const unknown = [...ids].find((person) => !known.has(person))
  if (unknown !== undefined) throw new RangeError(`There is no person ${unknown}`)
}

function* batches<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += batchSize) yield rows.slice(start, start + batchSize)
}
