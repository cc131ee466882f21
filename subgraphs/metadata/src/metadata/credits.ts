import { told } from '../events.ts'
import type { Films } from '../films.ts'
import type { FilmCredits, MetadataStore } from '../store.ts'
import { type Fault, fault, type Outcome, refused, textFault } from './faults.ts'

export interface CreditsInput {
  readonly movieId: number
  /** In order of billing. */
  readonly cast: readonly { readonly personId: number; readonly character?: string | null }[]
  readonly directorIds: readonly number[]
  readonly keywords: readonly string[]
}

/** Entries that one film takes. */
export const creditLimits = { cast: 500, directors: 100, keywords: 200 }

export function createCredits({ store, films }: { readonly store: MetadataStore; readonly films: Films }) {
  return {
    /** Replaces a film's cast, directors and keywords; film and people must exist. */
    async save(input: CreditsInput): Promise<Outcome<FilmCredits>> {
      const keywords = [...new Set(input.keywords.map((keyword) => keyword.trim()))]
      const faults = [...sizeFaults(input), ...wordFaults(input.cast, keywords)]
      if (faults.length > 0) return refused(...faults)
      if (!(await films.exists(input.movieId)))
        return refused(fault('NOT_FOUND', 'There is no such film.', 'movieId'))
      const unknown = await unknownPeople(input)
      if (unknown.length > 0) return refused(...unknown)
      const credits = {
        movieId: input.movieId,
        cast: input.cast.map(({ personId, character }, order) => ({
          personId,
          character: character?.trim() || null,
          order,
        })),
        directorIds: input.directorIds,
        keywords,
      }
      return { value: await store.saveCredits(credits, told.credits) }
    },
  }

  async function unknownPeople({ cast, directorIds }: CreditsInput): Promise<Fault[]> {
    const ids = new Set([...cast.map(({ personId }) => personId), ...directorIds])
    const known = new Set((await store.peopleByIds([...ids])).map(({ id }) => id))
    const nobody = (...field: (string | number)[]) => fault('NOT_FOUND', 'There is no such person.', ...field)
    return [
      ...cast.flatMap(({ personId }, index) =>
        known.has(personId) ? [] : nobody('cast', index, 'personId'),
      ),
      ...directorIds.flatMap((id, index) => (known.has(id) ? [] : nobody('directorIds', index))),
    ]
  }
}

function sizeFaults({ cast, directorIds, keywords }: CreditsInput): Fault[] {
  const tooMany = (field: string, most: number) => fault('INVALID_VALUE', `At most ${most} entries.`, field)
  const faults: Fault[] = []
  if (cast.length > creditLimits.cast) faults.push(tooMany('cast', creditLimits.cast))
  if (directorIds.length > creditLimits.directors) faults.push(tooMany('directorIds', creditLimits.directors))
  if (keywords.length > creditLimits.keywords) faults.push(tooMany('keywords', creditLimits.keywords))
  if (new Set(directorIds).size < directorIds.length)
    faults.push(fault('INVALID_VALUE', 'A director is named once.', 'directorIds'))
  return faults
}

function wordFaults(cast: CreditsInput['cast'], keywords: readonly string[]): Fault[] {
  return [
    ...cast.flatMap(({ character }, index) =>
      textFault(character, { field: ['cast', index, 'character'], most: 300 }),
    ),
    ...keywords.flatMap((keyword, index) =>
      textFault(keyword, { field: ['keywords', index], least: 1, most: 100 }),
    ),
  ]
}
