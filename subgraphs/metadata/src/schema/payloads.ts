import 'reflect-metadata'
import { createUserErrorType } from '@movieverse/kit/graphql/user-error'
import { Field, ObjectType, registerEnumType } from 'type-graphql'
import type { Fault } from '../metadata/faults.ts'
import { Genre, Movie, MovieAnalysis, Person } from './types.ts'

export enum ErrorCode {
  INVALID_VALUE = 'INVALID_VALUE',
  NOT_FOUND = 'NOT_FOUND',
  ALREADY_EXISTS = 'ALREADY_EXISTS',
}
registerEnumType(ErrorCode, { name: 'ErrorCode' })

export const UserError = createUserErrorType(ErrorCode)

@ObjectType('GenrePayload', { simpleResolvers: true })
export class GenrePayload {
  @Field(() => Genre, { nullable: true })
  genre: Genre | null

  @Field(() => [UserError])
  errors: readonly Fault[]
}

@ObjectType('PersonPayload', { simpleResolvers: true })
export class PersonPayload {
  @Field(() => Person, { nullable: true })
  person: Person | null

  @Field(() => [UserError])
  errors: readonly Fault[]
}

@ObjectType('CreditsPayload', { simpleResolvers: true })
export class CreditsPayload {
  @Field(() => Movie, { nullable: true })
  movie: Movie | null

  @Field(() => [UserError])
  errors: readonly Fault[]
}

@ObjectType('MovieAnalysisPayload', { simpleResolvers: true })
export class MovieAnalysisPayload {
  @Field(() => MovieAnalysis, { nullable: true })
  analysis: MovieAnalysis | null

  @Field(() => [UserError])
  errors: readonly Fault[]
}
