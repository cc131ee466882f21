import 'reflect-metadata'
import type { SubgraphContext } from '@movieverse/kit/context'
import {
  listSize,
  PageArgs,
  type PageOrder,
  readPage,
  toConnection,
} from '@movieverse/kit/graphql/connection'
import { parseId, parseIds } from '@movieverse/kit/graphql/ids'
import { Arg, Args, Ctx, Directive, FieldResolver, Mutation, Resolver, Root } from 'type-graphql'
import { loadersOf } from '../loaders.ts'
import { SaveCreditsInput, SaveMovieAnalysisInput } from '../schema/inputs.ts'
import { CreditsPayload, MovieAnalysisPayload } from '../schema/payloads.ts'
import { CastConnection, Movie, MovieAnalysis, Person, PredictedGenre } from '../schema/types.ts'
import type { Analysis, CastMember } from '../store.ts'
import type { ResolverParts } from './parts.ts'

const byBilling: PageOrder<CastMember> = {
  name: 'BILLING',
  shape: ['integer'],
  keyOf: ({ order }) => [order],
}

const isThere = <T>(value: T | null): value is T => value !== null

function shown({
  movieId,
  sentiment,
  summary,
  predictedGenres,
  sources,
  updatedAt,
}: Analysis): MovieAnalysis {
  return { movieId, sentiment, summary, sources, updatedAt, predicted: predictedGenres }
}

export function createMovieResolver({ store, credits }: ResolverParts) {
  @Resolver(() => Movie)
  class MovieResolver {
    @Directive(listSize)
    @FieldResolver(() => CastConnection, { description: 'In order of billing.' })
    async cast(
      @Root() { id }: Movie,
      @Args(() => PageArgs) args: PageArgs,
      @Ctx() context: SubgraphContext,
    ): Promise<CastConnection> {
      const page = readPage(args, byBilling)
      const loaders = loadersOf(context, store)
      const cast = (await loaders.credits(id))?.cast ?? []
      const after = page.after?.[0]
      const rest = typeof after === 'number' ? cast.filter(({ order }) => order > after) : cast
      const { edges, pageInfo, totalCount } = toConnection(rest, page, byBilling, () => cast.length)
      const people = await loaders.people(edges.map(({ node }) => node.personId))
      return {
        pageInfo,
        totalCount,
        edges: edges.flatMap(({ cursor, node: { character } }, index) => {
          const node = people[index]
          return node ? [{ cursor, character, node }] : []
        }),
      }
    }

    @FieldResolver(() => [Person])
    async directors(@Root() { id }: Movie, @Ctx() context: SubgraphContext): Promise<Person[]> {
      const loaders = loadersOf(context, store)
      const found = await loaders.credits(id)
      return (await loaders.people(found?.directorIds ?? [])).filter(isThere)
    }

    @FieldResolver(() => [String])
    async keywords(@Root() { id }: Movie, @Ctx() context: SubgraphContext): Promise<readonly string[]> {
      return (await loadersOf(context, store).credits(id))?.keywords ?? []
    }

    @FieldResolver(() => MovieAnalysis, { nullable: true })
    async analysis(@Root() { id }: Movie, @Ctx() context: SubgraphContext): Promise<MovieAnalysis | null> {
      const found = await loadersOf(context, store).analysis(id)
      return found && shown(found)
    }

    @Directive('@requiresScopes(scopes: [["admin"]])')
    @Mutation(() => CreditsPayload, { description: "Replaces a film's cast, directors and keywords." })
    async saveCredits(
      @Arg('input', () => SaveCreditsInput) input: SaveCreditsInput,
    ): Promise<CreditsPayload> {
      const outcome = await credits.save({
        movieId: parseId(input.movieId, 'input.movieId'),
        cast: input.cast.map(({ personId, character }, index) => ({
          personId: parseId(personId, `input.cast.${index}.personId`),
          character,
        })),
        directorIds: parseIds(input.directorIds, 'input.directorIds'),
        keywords: input.keywords,
      })
      return 'value' in outcome
        ? { movie: { id: outcome.value.movieId }, errors: [] }
        : { movie: null, errors: outcome.faults }
    }
  }
  return MovieResolver
}

export function createAnalysisResolver({ store, analyses }: ResolverParts) {
  @Resolver(() => MovieAnalysis)
  class MovieAnalysisResolver {
    @FieldResolver(() => [PredictedGenre])
    async predictedGenres(
      @Root() { predicted }: MovieAnalysis,
      @Ctx() context: SubgraphContext,
    ): Promise<PredictedGenre[]> {
      const { genre } = loadersOf(context, store)
      const genres = await Promise.all(predicted.map(({ genreId }) => genre(genreId)))
      return predicted.flatMap(({ probability }, index) => {
        const found = genres[index]
        return found ? [{ genre: found, probability }] : []
      })
    }

    @Directive('@requiresScopes(scopes: [["admin"]])')
    @Mutation(() => MovieAnalysisPayload)
    async saveMovieAnalysis(
      @Arg('input', () => SaveMovieAnalysisInput) input: SaveMovieAnalysisInput,
    ): Promise<MovieAnalysisPayload> {
      const outcome = await analyses.save({
        movieId: parseId(input.movieId, 'input.movieId'),
        sentiment: input.sentiment,
        summary: input.summary,
        sources: input.sources,
        predictedGenres:
          input.predictedGenres === null
            ? null
            : input.predictedGenres?.map(({ genreId, probability }, index) => ({
                genreId: parseId(genreId, `input.predictedGenres.${index}.genreId`),
                probability,
              })),
      })
      return 'value' in outcome
        ? { analysis: shown(outcome.value), errors: [] }
        : { analysis: null, errors: outcome.faults }
    }
  }
  return MovieAnalysisResolver
}
