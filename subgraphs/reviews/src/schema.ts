import 'reflect-metadata'
import { PageInfo } from '@movieverse/kit/graphql/connection'
import { DateTime } from '@movieverse/kit/graphql/scalars'
import { createUserErrorType, type Fault } from '@movieverse/kit/graphql/user-error'
import { Directive, Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql'

export enum ErrorCode {
  INVALID_VALUE = 'INVALID_VALUE',
  NOT_FOUND = 'NOT_FOUND',
  FORBIDDEN = 'FORBIDDEN',
  ALREADY_EXISTS = 'ALREADY_EXISTS',
}
registerEnumType(ErrorCode, { name: 'ErrorCode' })
const UserError = createUserErrorType(ErrorCode)
export type PayloadError = Fault<`${ErrorCode}`>

export enum ReviewOrder {
  NEWEST = 'NEWEST',
  OLDEST = 'OLDEST',
  HIGHEST = 'HIGHEST',
  LOWEST = 'LOWEST',
  HELPFUL = 'HELPFUL',
}
registerEnumType(ReviewOrder, {
  name: 'ReviewOrder',
  description: 'HELPFUL moves with the marks: while it does, a review can be seen twice or missed.',
})

@Directive('@key(fields: "id")')
@ObjectType('Movie', { simpleResolvers: true })
export class Movie {
  @Field(() => ID)
  id: number
}

@Directive('@key(fields: "id")')
@ObjectType('User', { simpleResolvers: true })
export class User {
  @Field(() => ID)
  id: number
}

@Directive('@key(fields: "id")')
@ObjectType('Review', { simpleResolvers: true })
export class Review {
  @Field(() => ID)
  id: number

  @Field(() => Movie, { nullable: true, description: 'Null when the film is gone.' })
  movie: Movie | null

  @Field(() => User, { nullable: true, description: "Null when the author's account was erased." })
  author: User | null

  @Field(() => Float, { description: '0.5 to 5 in half stars.' })
  rating: number

  @Field(() => String, { nullable: true })
  text: string | null

  @Field(() => Int)
  helpfulCount: number

  @Field(() => DateTime)
  createdAt: Date

  @Field(() => DateTime)
  updatedAt: Date
}

@ObjectType('RatingBucket', { simpleResolvers: true })
export class RatingBucket {
  @Field(() => Float)
  rating: number

  @Field(() => Int)
  count: number
}

@ObjectType('RatingSummary', {
  simpleResolvers: true,
  description: 'average is null without ratings; histogram has the ten half-star steps in order.',
})
export class RatingSummary {
  @Field(() => Float, { nullable: true })
  average: number | null

  @Field(() => Int)
  count: number

  @Field(() => [RatingBucket])
  histogram: readonly RatingBucket[]
}

@ObjectType('ReviewEdge', { simpleResolvers: true })
export class ReviewEdge {
  @Field(() => String)
  cursor: string

  @Field(() => Review)
  node: Review
}

@ObjectType('ReviewConnection', { simpleResolvers: true })
export class ReviewConnection {
  @Field(() => [ReviewEdge])
  edges: readonly ReviewEdge[]

  @Field(() => PageInfo)
  pageInfo: PageInfo

  /** A function, so that it is counted only when it is selected. */
  @Field(() => Int, { description: 'Counted only when asked for.' })
  totalCount: () => Promise<number> | number
}

@InputType('CreateReviewInput')
export class CreateReviewInput {
  @Field(() => ID)
  movieId: string

  @Field(() => Float)
  rating: number

  @Field(() => String, { nullable: true, description: 'At most 2,000 characters.' })
  text?: string | null
}

@InputType('UpdateReviewInput', { description: 'Absent fields stay as they are; a null text is taken away.' })
export class UpdateReviewInput {
  @Field(() => ID)
  id: string

  @Field(() => Float, { nullable: true })
  rating?: number | null

  @Field(() => String, { nullable: true })
  text?: string | null
}

@InputType('DeleteReviewInput')
export class DeleteReviewInput {
  @Field(() => ID)
  id: string
}

@InputType('SetReviewHelpfulInput')
export class SetReviewHelpfulInput {
  @Field(() => ID)
  reviewId: string

  @Field(() => Boolean)
  helpful: boolean
}

@ObjectType('ReviewPayload', { simpleResolvers: true })
export class ReviewPayload {
  @Field(() => Review, { nullable: true })
  review: Review | null

  @Field(() => [UserError])
  errors: readonly PayloadError[]
}

@ObjectType('DeleteReviewPayload', { simpleResolvers: true })
export class DeleteReviewPayload {
  @Field(() => ID, { nullable: true })
  deletedReviewId: number | null

  @Field(() => [UserError])
  errors: readonly PayloadError[]
}

/**
 * The subscriptions, which the gateway serves: it reads the topic, keeps what the filter lets through and completes the
 * entity of `key`. There is nothing to resolve here, so they stand as SDL.
 */
export const subscriptionSdl = `
extend schema
  @link(url: "https://movieverse.example/events/v1.0", import: ["@eventSource"])
  @composeDirective(name: "@eventSource")
directive @eventSource(topic: String!, types: [String!]!, key: String!, filter: String) on FIELD_DEFINITION
type Subscription {
  "Reviews of a film as they are written."
  reviewAdded(movieId: ID!): Review
    @eventSource(
      topic: "movieverse.reviews"
      types: ["review_created"]
      key: "review_id"
      filter: "event.movie_id == args.movieId"
    )
}
`
