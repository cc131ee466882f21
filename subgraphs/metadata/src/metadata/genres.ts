import { told } from '../events.ts'
import { slugOf } from '../names.ts'
import type { Genre, MetadataStore } from '../store.ts'
import { fault, type Outcome, refused, textFault } from './faults.ts'

export interface GenreInput {
  /** Without one a genre is added. */
  readonly id?: number
  readonly name: string
  /** Without one a new genre's is made of its name, and a present genre's stays. */
  readonly slug?: string | null
}

const slugPattern = /^[\p{Ll}\p{Lo}\p{N}]+(-[\p{Ll}\p{Lo}\p{N}]+)*$/u

export function createGenres({ store }: { readonly store: MetadataStore }) {
  return {
    /** Adds or changes a genre; names (without regard to case and accents) and slugs are unique. */
    async save(input: GenreInput): Promise<Outcome<Genre>> {
      const name = input.name.trim()
      const derived = slugOf(name)
      const faults = [
        ...textFault(name, { field: ['name'], least: 1, most: 60 }),
        ...textFault(input.slug, { field: ['slug'], least: 1, most: 60 }),
      ]
      if (faults.length > 0) return refused(...faults)
      if (input.slug && !slugPattern.test(input.slug))
        return refused(fault('INVALID_VALUE', 'A slug has lower-case words joined by hyphens.', 'slug'))
      if (derived === '')
        return refused(fault('INVALID_VALUE', 'A genre’s name has letters or digits.', 'name'))
      const outcome = await store.saveGenre(
        input.id,
        (present) => ({ name, slug: input.slug ?? present?.slug ?? derived }),
        told.genre,
      )
      switch (outcome.kind) {
        case 'saved':
          return { value: outcome.genre }
        case 'unknown':
          return refused(fault('NOT_FOUND', 'There is no such genre.', 'id'))
        case 'name-taken':
          return refused(fault('ALREADY_EXISTS', 'There is a genre of this name.', 'name'))
        case 'slug-taken':
          return refused(
            fault('ALREADY_EXISTS', 'There is a genre with this slug.', input.slug ? 'slug' : 'name'),
          )
      }
    },
  }
}
