import type { SubgraphContext } from '@movieverse/kit/context'
import { badUserInput } from '@movieverse/kit/errors'
import { listSize, PageArgs } from '@movieverse/kit/graphql/connection'
import { parseId, parseIds } from '@movieverse/kit/graphql/ids'
import { Arg, Args, Ctx, Directive, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql'
import { isLanguage } from './codes.ts'
import type { Loaders } from './loaders.ts'
import { isImdbId } from './movie-input.ts'
import type { Movies } from './movies.ts'
import { Genre, Movie, MovieConnection, MovieFilter, MovieOrder, MoviePayload } from './schema.ts'
import { CreateMovieInput, UpdateMovieInput } from './schema-inputs.ts'
import { searchPatterns } from './search-text.ts'
import { toConnectionType, toMovieType, toPayload } from './shapes.ts'
import type { MovieStore, Movie as StoredMovie, MovieFilter as StoredMovieFilter } from './store.ts'

export interface ResolverParts {
  readonly store: MovieStore
  readonly movies: Movies
  readonly loaders: Loaders
}

@Resolver(() => Movie)
export class MovieResolver {
  private readonly parts: ResolverParts

  constructor(parts: ResolverParts) {
    this.parts = parts
  }

  @Query(() => Movie, { nullable: true, description: 'One of the ids.' })
  async movie(
    @Arg('id', () => ID, { nullable: true }) id: string | null | undefined,
    @Arg('tmdbId', () => ID, { nullable: true }) tmdbId: string | null | undefined,
    @Arg('imdbId', () => ID, { nullable: true }) imdbId: string | null | undefined,
    @Ctx() context: SubgraphContext,
  ): Promise<Movie | null> {
    const { loaders, store } = this.parts
    const given = [id, tmdbId, imdbId].filter((value) => value !== null && value !== undefined)
    if (given.length !== 1) throw badUserInput('Give exactly one of id, tmdbId and imdbId.')
    let movie: StoredMovie | null | undefined
    if (id != null) movie = await loaders.movie(parseId(id), context)
    else if (tmdbId != null) [movie] = await store.byTmdbIds([parseId(tmdbId, 'tmdbId')])
    else if (imdbId != null) [movie] = isImdbId(imdbId) ? await store.byImdbIds([imdbId]) : []
    return movie ? toMovieType(movie) : null
  }

  @Directive(listSize)
  @Query(() => MovieConnection)
  async movies(
    @Arg('filter', () => MovieFilter, { nullable: true }) filter: MovieFilter | null | undefined,
    @Arg('orderBy', () => MovieOrder, { defaultValue: MovieOrder.POPULARITY }) orderBy: MovieOrder,
    @Args(() => PageArgs) { first, after }: PageArgs,
  ): Promise<MovieConnection> {
    return toConnectionType(
      await this.parts.loaders.page(readFilter(filter ?? {}), { orderBy, first, after }),
    )
  }

  @Directive('@requiresScopes(scopes: [["admin"]])')
  @Mutation(() => MoviePayload)
  async createMovie(@Arg('input', () => CreateMovieInput) input: CreateMovieInput): Promise<MoviePayload> {
    return toPayload(await this.parts.movies.create(input))
  }

  @Directive('@requiresScopes(scopes: [["admin"]])')
  @Mutation(() => MoviePayload, {
    description: "Refused with CONFLICT when expectedVersion is not the film's version.",
  })
  async updateMovie(
    @Arg('input', () => UpdateMovieInput) { id, expectedVersion, ...input }: UpdateMovieInput,
  ): Promise<MoviePayload> {
    const target = { id: parseId(id, 'input.id'), expectedVersion }
    return toPayload(await this.parts.movies.update(target, input))
  }
}

@Resolver(() => Genre)
export class GenreResolver {
  private readonly parts: ResolverParts

  constructor(parts: ResolverParts) {
    this.parts = parts
  }

  @Directive(listSize)
  @FieldResolver(() => MovieConnection)
  async movies(
    @Root() { id }: Genre,
    @Arg('orderBy', () => MovieOrder, { defaultValue: MovieOrder.POPULARITY }) orderBy: MovieOrder,
    @Args(() => PageArgs) { first, after }: PageArgs,
    @Ctx() context: SubgraphContext,
  ): Promise<MovieConnection> {
    return toConnectionType(await this.parts.loaders.pageOfGenre(id, { orderBy, first, after }, context))
  }
}

/** Characters of a search and genres of a filter at most. */
const longestSearch = 200
const mostGenres = 50

/** @throws GraphQLError BAD_USER_INPUT for a filter that is too large or has what is no id */
function readFilter(filter: MovieFilter): StoredMovieFilter {
  const { text, genreIds, yearFrom, yearTo, originalLanguage } = filter
  if (text && text.length > longestSearch) {
    throw badUserInput(`filter.text has at most ${longestSearch} characters.`, 'filter.text')
  }
  if (genreIds && genreIds.length > mostGenres) {
    throw badUserInput(`filter.genreIds has at most ${mostGenres} ids.`, 'filter.genreIds')
  }
  const language = originalLanguage?.toLowerCase()
  if (language && !isLanguage(language)) {
    throw badUserInput('filter.originalLanguage is a code of ISO 639-1.', 'filter.originalLanguage')
  }
  return {
    ...(text?.trim() ? { patterns: searchPatterns(text) } : {}),
    ...(genreIds?.length ? { genreIds: parseIds(genreIds, 'filter.genreIds') } : {}),
    ...(yearFrom == null ? {} : { yearFrom }),
    ...(yearTo == null ? {} : { yearTo }),
    ...(language ? { originalLanguage: language } : {}),
  }
}
