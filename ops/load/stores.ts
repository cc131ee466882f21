import { importMembers } from '@movieverse/auth/members'
import type { AccountStore } from '@movieverse/auth/store'
import type { EntityReader } from '@movieverse/kit/subgraph'
import { createMetadataImporter } from '@movieverse/metadata/metadata/importer'
import type { MetadataStore } from '@movieverse/metadata/store'
import { createMovieImporter } from '@movieverse/movies/import'
import type { MovieStore } from '@movieverse/movies/store'
import { createReviewImporter } from '@movieverse/reviews/import'
import { createKnownMovies } from '@movieverse/reviews/known-movies'
import type { ReviewStore } from '@movieverse/reviews/store'
import { importProfiles } from '@movieverse/users/profiles'
import type { ProfileStore } from '@movieverse/users/store'
import type { Importers } from './importers.ts'

/** The services' own stores, opened by whoever loads. */
export interface LoadTargets {
  readonly auth: AccountStore
  readonly users: ProfileStore
  readonly movies: MovieStore
  readonly reviews: ReviewStore
  readonly metadata: MetadataStore
  /** Asked for films that a rating names and the load has not told of: none, as a rule. */
  readonly entities: EntityReader
}

/** The ways into the stores, each by its owner's own code. */
export function createImporters(targets: LoadTargets): Importers {
  const metadata = createMetadataImporter({ store: targets.metadata })
  const films = createMovieImporter({ store: targets.movies })
  const known = createKnownMovies({ store: targets.reviews, entities: targets.entities })
  const reviews = createReviewImporter({ store: targets.reviews, movies: known })
  return {
    importGenres: metadata.importGenres,
    importPeople: metadata.importPeople,
    importCredits: metadata.importCredits,
    importMovies: films.importMovies,
    async importMembers(rows, origin) {
      const ids = await importMembers(targets.auth, rows, origin)
      const accounts = await targets.auth.byIds(ids)
      return ids.map((id, index) => ({ id, username: accounts[index]?.username }))
    },
    importProfiles: (rows) => importProfiles(targets.users, rows),
    importReviews: reviews.importReviews,
    knowMovies: reviews.knowMovies,
  }
}
