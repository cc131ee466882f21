import type { SubgraphContext } from '@movieverse/kit/context'
import { requireViewer } from '@movieverse/kit/graphql/authorise'
import { listSize, PageArgs } from '@movieverse/kit/graphql/connection'
import { parseId } from '@movieverse/kit/graphql/ids'
import {
  Arg,
  Args,
  Ctx,
  Directive,
  FieldResolver,
  ID,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
} from 'type-graphql'
import type { Loaders } from './loaders.ts'
import type { ReviewResult, Reviews } from './reviews.ts'
import {
  CreateReviewInput,
  DeleteReviewInput,
  DeleteReviewPayload,
  Movie,
  RatingSummary,
  Review,
  ReviewConnection,
  ReviewOrder,
  ReviewPayload,
  SetReviewHelpfulInput,
  UpdateReviewInput,
  User,
} from './schema.ts'
import { toConnectionType, toErrors, toPayload, toReviewType, toSummary } from './shapes.ts'

export interface ResolverParts {
  readonly reviews: Reviews
  readonly loaders: Loaders
}

@Resolver(() => Review)
export class ReviewResolver {
  private readonly parts: ResolverParts

  constructor(parts: ResolverParts) {
    this.parts = parts
  }

  @Query(() => Review, { nullable: true })
  async review(@Arg('id', () => ID) id: string, @Ctx() context: SubgraphContext): Promise<Review | null> {
    const review = await this.parts.loaders.review(parseId(id), context)
    return review && toReviewType(review)
  }

  @Directive('@authenticated')
  @Mutation(() => ReviewPayload, {
    description: 'One review per user and film; a second is ALREADY_EXISTS with the first one in review.',
  })
  async createReview(
    @Arg('input', () => CreateReviewInput) { movieId, ...input }: CreateReviewInput,
    @Ctx() context: SubgraphContext,
  ): Promise<ReviewPayload> {
    const id = parseId(movieId, 'input.movieId')
    return toPayload(await this.parts.reviews.create(requireViewer(context), { ...input, movieId: id }))
  }

  @Directive('@authenticated')
  @Mutation(() => ReviewPayload)
  async updateReview(
    @Arg('input', () => UpdateReviewInput) { id, ...input }: UpdateReviewInput,
    @Ctx() context: SubgraphContext,
  ): Promise<ReviewPayload> {
    const change = { ...input, id: parseId(id, 'input.id') }
    return toPayload(await this.parts.reviews.update(requireViewer(context), change))
  }

  @Directive('@authenticated')
  @Mutation(() => DeleteReviewPayload)
  async deleteReview(
    @Arg('input', () => DeleteReviewInput) { id }: DeleteReviewInput,
    @Ctx() context: SubgraphContext,
  ): Promise<DeleteReviewPayload> {
    const result: ReviewResult = await this.parts.reviews.delete(
      requireViewer(context),
      parseId(id, 'input.id'),
    )
    return { deletedReviewId: result.review?.id ?? null, errors: toErrors(result) }
  }

  @Directive('@authenticated')
  @Mutation(() => ReviewPayload)
  async setReviewHelpful(
    @Arg('input', () => SetReviewHelpfulInput) { reviewId, helpful }: SetReviewHelpfulInput,
    @Ctx() context: SubgraphContext,
  ): Promise<ReviewPayload> {
    const mark = { reviewId: parseId(reviewId, 'input.reviewId'), helpful }
    return toPayload(await this.parts.reviews.setHelpful(requireViewer(context), mark))
  }
}

@Resolver(() => Movie)
export class MovieResolver {
  private readonly parts: ResolverParts

  constructor(parts: ResolverParts) {
    this.parts = parts
  }

  @FieldResolver(() => RatingSummary)
  async rating(@Root() { id }: Movie, @Ctx() context: SubgraphContext): Promise<RatingSummary> {
    return toSummary(await this.parts.loaders.rating(id, context))
  }

  @Directive(listSize)
  @FieldResolver(() => ReviewConnection)
  async reviews(
    @Root() { id }: Movie,
    @Arg('orderBy', () => ReviewOrder, { defaultValue: ReviewOrder.NEWEST }) orderBy: ReviewOrder,
    @Args(() => PageArgs) { first, after }: PageArgs,
    @Ctx() context: SubgraphContext,
  ): Promise<ReviewConnection> {
    return toConnectionType(
      await this.parts.loaders.page({ of: 'movie', id, orderBy, first, after }, context),
    )
  }

  @FieldResolver(() => Review, {
    nullable: true,
    description: "The signed-in user's own; null when there is none or nobody is signed in.",
  })
  async viewerReview(@Root() { id }: Movie, @Ctx() context: SubgraphContext): Promise<Review | null> {
    if (!context.viewer) return null
    const review = await this.parts.loaders.own(context.viewer.userId, id, context)
    return review && toReviewType(review)
  }
}

@Resolver(() => User)
export class UserResolver {
  private readonly parts: ResolverParts

  constructor(parts: ResolverParts) {
    this.parts = parts
  }

  @FieldResolver(() => Int)
  reviewCount(@Root() { id }: User, @Ctx() context: SubgraphContext): Promise<number> {
    return this.parts.loaders.reviewCount(id, context)
  }

  @Directive(listSize)
  @FieldResolver(() => ReviewConnection)
  async reviews(
    @Root() { id }: User,
    @Arg('orderBy', () => ReviewOrder, { defaultValue: ReviewOrder.NEWEST }) orderBy: ReviewOrder,
    @Args(() => PageArgs) { first, after }: PageArgs,
    @Ctx() context: SubgraphContext,
  ): Promise<ReviewConnection> {
    return toConnectionType(await this.parts.loaders.page({ of: 'user', id, orderBy, first, after }, context))
  }
}
