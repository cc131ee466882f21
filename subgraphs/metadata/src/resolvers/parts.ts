import type { createAnalyses } from '../metadata/analyses.ts'
import type { createCredits } from '../metadata/credits.ts'
import type { createGenres } from '../metadata/genres.ts'
import type { createPeople } from '../metadata/people.ts'
import type { MetadataStore } from '../store.ts'

/** What resolvers are bound to. */
export interface ResolverParts {
  readonly store: MetadataStore
  readonly genres: ReturnType<typeof createGenres>
  readonly people: ReturnType<typeof createPeople>
  readonly credits: ReturnType<typeof createCredits>
  readonly analyses: ReturnType<typeof createAnalyses>
}
