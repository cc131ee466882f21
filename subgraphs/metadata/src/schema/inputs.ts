import 'reflect-metadata'
import { CalendarDate, URL } from '@movieverse/kit/graphql/scalars'
import { Field, Float, ID, InputType } from 'type-graphql'

@InputType('SaveGenreInput')
export class SaveGenreInput {
  @Field(() => ID, { nullable: true })
  id?: string | null

  @Field(() => String)
  name: string

  @Field(() => String, { nullable: true, description: 'Made of the name when a new genre has none.' })
  slug?: string | null
}

@InputType('SavePersonInput', {
  description: 'Facts that are absent stay as they are, null takes them away.',
})
export class SavePersonInput {
  @Field(() => ID, { nullable: true })
  id?: string | null

  @Field(() => String)
  name: string

  @Field(() => String, { nullable: true })
  biography?: string | null

  @Field(() => CalendarDate, { nullable: true })
  birthday?: string | null

  @Field(() => CalendarDate, { nullable: true })
  deathday?: string | null

  @Field(() => URL, { nullable: true })
  photoUrl?: string | null

  @Field(() => String, { nullable: true })
  knownFor?: string | null
}

@InputType('CastInput')
export class CastInput {
  @Field(() => ID)
  personId: string

  @Field(() => String, { nullable: true })
  character?: string | null
}

@InputType('SaveCreditsInput')
export class SaveCreditsInput {
  @Field(() => ID)
  movieId: string

  @Field(() => [CastInput], { description: 'In order of billing; at most 500.' })
  cast: CastInput[]

  @Field(() => [ID])
  directorIds: string[]

  @Field(() => [String])
  keywords: string[]
}

@InputType('PredictedGenreInput')
export class PredictedGenreInput {
  @Field(() => ID)
  genreId: string

  @Field(() => Float, { description: '0 to 1' })
  probability: number
}

@InputType('SaveMovieAnalysisInput', { description: 'What is absent stays as it is, null takes it away.' })
export class SaveMovieAnalysisInput {
  @Field(() => ID)
  movieId: string

  @Field(() => Float, { nullable: true, description: '-1 to 1' })
  sentiment?: number | null

  @Field(() => String, { nullable: true })
  summary?: string | null

  @Field(() => [PredictedGenreInput], { nullable: true })
  predictedGenres?: PredictedGenreInput[] | null

  @Field(() => [URL], { nullable: true })
  sources?: string[] | null
}
