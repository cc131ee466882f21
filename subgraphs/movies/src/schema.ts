import 'reflect-metadata'
import { PageInfo } from '@movieverse/kit/graphql/connection'
import { CalendarDate, DateTime, URL } from '@movieverse/kit/graphql/scalars'
import { createUserErrorType, type Fault } from '@movieverse/kit/graphql/user-error'
import { Directive, Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql'

export enum ErrorCode {
  INVALID_VALUE = 'INVALID_VALUE',
  NOT_FOUND = 'NOT_FOUND',
  CONFLICT = 'CONFLICT',
  ALREADY_EXISTS = 'ALREADY_EXISTS',
}
registerEnumType(ErrorCode, { name: 'ErrorCode' })
const UserError = createUserErrorType(ErrorCode)
export type PayloadError = Fault<`${ErrorCode}`>

export enum MovieOrder {
  POPULARITY = 'POPULARITY',
  RATING = 'RATING',
  NEWEST = 'NEWEST',
  OLDEST = 'OLDEST',
  TITLE = 'TITLE',
}
registerEnumType(MovieOrder, {
  name: 'MovieOrder',
  description: `RATING is a Bayesian average that this service keeps from review events. It and POPULARITY move with the
ratings: while they do, a film can be seen twice or missed. Films without a date come last in NEWEST and OLDEST.`,
})

@Directive('@key(fields: "id")')
@ObjectType('Genre', { simpleResolvers: true })
export class Genre {
  @Field(() => ID)
  id: number
}

@Directive('@key(fields: "id")')
@ObjectType('Movie', { simpleResolvers: true })
export class Movie {
  @Field(() => ID)
  id: number

  @Field(() => ID, { nullable: true })
  tmdbId: number | null

  @Field(() => ID, { nullable: true, description: '"tt0113277"' })
  imdbId: string | null

  @Field(() => String, { description: 'Natural order: The Godfather.' })
  title: string

  @Field(() => String, { nullable: true })
  originalTitle: string | null

  @Field(() => [String])
  alternativeTitles: readonly string[]

  @Field(() => String, { nullable: true })
  overview: string | null

  @Field(() => String, { nullable: true })
  tagline: string | null

  @Field(() => CalendarDate, { nullable: true })
  releaseDate: string | null

  @Field(() => Int, { nullable: true })
  year: number | null

  @Field(() => Int, { nullable: true, description: 'Minutes.' })
  runtime: number | null

  @Field(() => [Genre])
  genres: readonly Genre[]

  @Field(() => String, { nullable: true, description: 'ISO 639-1.' })
  originalLanguage: string | null

  @Field(() => [String], { description: 'ISO 3166-1 alpha-2.' })
  countries: readonly string[]

  @Field(() => URL, { nullable: true })
  posterUrl: string | null

  @Field(() => Float, { description: 'ln(1 + votes at TMDB ÷ 10 + ratings given here).' })
  popularity: number

  @Field(() => Int, { nullable: true, description: 'Votes at TMDB, as loaded.' })
  voteCount: number | null

  @Field(() => Float, { nullable: true, description: 'Their mean, 0 to 10.' })
  voteAverage: number | null

  @Field(() => Int)
  version: number

  @Field(() => DateTime)
  updatedAt: Date
}

@ObjectType('MovieEdge', { simpleResolvers: true })
export class MovieEdge {
  @Field(() => String)
  cursor: string

  @Field(() => Movie)
  node: Movie
}

@ObjectType('MovieConnection', { simpleResolvers: true })
export class MovieConnection {
  @Field(() => [MovieEdge])
  edges: readonly MovieEdge[]

  @Field(() => PageInfo)
  pageInfo: PageInfo

  /** A function, so that it is counted only when it is selected. */
  @Field(() => Int, { description: 'Counted only when asked for.' })
  totalCount: () => Promise<number> | number
}

@InputType('MovieFilter', { description: 'What a film has to be, all of it.' })
export class MovieFilter {
  @Field(() => String, {
    nullable: true,
    description:
      'Words of any of its titles, without regard to case and accents. One of three letters or more is found anywhere in a word, a shorter one at its beginning.',
  })
  text?: string | null

  @Field(() => [ID], { nullable: true, description: 'Any of these; an empty list leaves nothing out.' })
  genreIds?: readonly string[] | null

  @Field(() => Int, { nullable: true })
  yearFrom?: number | null

  @Field(() => Int, { nullable: true })
  yearTo?: number | null

  @Field(() => String, { nullable: true, description: 'ISO 639-1.' })
  originalLanguage?: string | null
}

@ObjectType('MoviePayload', { simpleResolvers: true })
export class MoviePayload {
  @Field(() => Movie, { nullable: true })
  movie: Movie | null

  @Field(() => [UserError])
  errors: readonly PayloadError[]
}
