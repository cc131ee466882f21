import 'reflect-metadata'
import { CalendarDate, URL } from '@movieverse/kit/graphql/scalars'
import { Field, ID, InputType, Int } from 'type-graphql'

/** What an administrator may say of a film beside its title. */
@InputType('MovieFactsInput')
class MovieFactsInput {
  @Field(() => String, { nullable: true })
  originalTitle?: string | null

  @Field(() => [String], { nullable: true })
  alternativeTitles?: string[] | null

  @Field(() => ID, { nullable: true })
  tmdbId?: string | null

  @Field(() => ID, { nullable: true })
  imdbId?: string | null

  @Field(() => String, { nullable: true })
  overview?: string | null

  @Field(() => String, { nullable: true })
  tagline?: string | null

  @Field(() => CalendarDate, { nullable: true })
  releaseDate?: string | null

  @Field(() => Int, { nullable: true })
  runtime?: number | null

  @Field(() => [ID], { nullable: true })
  genreIds?: string[] | null

  @Field(() => String, { nullable: true })
  originalLanguage?: string | null

  @Field(() => [String], { nullable: true })
  countries?: string[] | null

  @Field(() => URL, { nullable: true })
  posterUrl?: string | null
}

@InputType('CreateMovieInput')
export class CreateMovieInput extends MovieFactsInput {
  @Field(() => String)
  title: string
}

@InputType('UpdateMovieInput', { description: 'Absent fields stay as they are; null takes a fact away.' })
export class UpdateMovieInput extends MovieFactsInput {
  @Field(() => ID)
  id: string

  @Field(() => Int)
  expectedVersion: number

  @Field(() => String, { nullable: true })
  title?: string
}
