import 'reflect-metadata'
import type { SubgraphContext } from '@movieverse/kit/context'
import { badUserInput } from '@movieverse/kit/errors'
import { parseId } from '@movieverse/kit/graphql/ids'
import { Arg, Ctx, Directive, ID, Mutation, Query, Resolver } from 'type-graphql'
import { loadersOf } from '../loaders.ts'
import { SaveGenreInput } from '../schema/inputs.ts'
import { GenrePayload } from '../schema/payloads.ts'
import { Genre } from '../schema/types.ts'
import type { ResolverParts } from './parts.ts'

export function createGenreResolver({ store, genres }: ResolverParts) {
  @Resolver(() => Genre)
  class GenreResolver {
    @Query(() => Genre, { nullable: true, description: 'By id or by slug: exactly one of the two.' })
    async genre(
      @Arg('id', () => ID, { nullable: true }) id: string | null | undefined,
      @Arg('slug', () => String, { nullable: true }) slug: string | null | undefined,
      @Ctx() context: SubgraphContext,
    ): Promise<Genre | null> {
      if ((id == null) === (slug == null)) throw badUserInput('Name either an id or a slug.')
      const loaders = loadersOf(context, store)
      if (id != null) return loaders.genre(parseId(id))
      return loaders.genreBySlug(slug?.replaceAll('\0', '') ?? '')
    }

    @Query(() => [Genre], { description: 'All, by name.' })
    async genres(): Promise<Genre[]> {
      return [...(await store.genres())]
    }

    @Directive('@requiresScopes(scopes: [["admin"]])')
    @Mutation(() => GenrePayload)
    async saveGenre(@Arg('input', () => SaveGenreInput) input: SaveGenreInput): Promise<GenrePayload> {
      const id = input.id == null ? undefined : parseId(input.id, 'input.id')
      const outcome = await genres.save({ id, name: input.name, slug: input.slug })
      return 'value' in outcome
        ? { genre: outcome.value, errors: [] }
        : { genre: null, errors: outcome.faults }
    }
  }
  return GenreResolver
}
