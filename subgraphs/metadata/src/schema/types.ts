import 'reflect-metadata'
import { PageInfo } from '@movieverse/kit/graphql/connection'
import { CalendarDate, DateTime, URL } from '@movieverse/kit/graphql/scalars'
import { Directive, Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql'

@Directive('@key(fields: "id")')
@ObjectType('Genre', { simpleResolvers: true })
export class Genre {
  @Field(() => ID)
  id: number

  @Field(() => String)
  name: string

  @Field(() => String)
  slug: string
}

@Directive('@key(fields: "id")')
@ObjectType('Person', { simpleResolvers: true })
export class Person {
  @Field(() => ID)
  id: number

  @Field(() => String)
  name: string

  @Field(() => String, { nullable: true })
  biography: string | null

  @Field(() => CalendarDate, { nullable: true })
  birthday: string | null

  @Field(() => CalendarDate, { nullable: true })
  deathday: string | null

  @Field(() => URL, { nullable: true })
  photoUrl: string | null

  @Field(() => String, { nullable: true, description: 'Acting, Directing, …' })
  knownFor: string | null
}

/** What this service adds to a film; the film itself belongs to another. */
@Directive('@key(fields: "id")')
@ObjectType('Movie', { simpleResolvers: true })
export class Movie {
  @Field(() => ID)
  id: number
}

@ObjectType('MovieAnalysis', { simpleResolvers: true })
export class MovieAnalysis {
  /** Not a field of the schema: whose analysis it is. */
  movieId: number

  /** Not a field of the schema: what `predictedGenres` is made of. */
  predicted: readonly { readonly genreId: number; readonly probability: number }[]

  @Field(() => Float, { nullable: true, description: '-1 to 1' })
  sentiment: number | null

  @Field(() => String, { nullable: true })
  summary: string | null

  @Field(() => [URL])
  sources: readonly string[]

  @Field(() => DateTime)
  updatedAt: Date
}

@ObjectType('PredictedGenre', { simpleResolvers: true })
export class PredictedGenre {
  @Field(() => Genre)
  genre: Genre

  @Field(() => Float)
  probability: number
}

export enum CreditJob {
  ACTOR = 'ACTOR',
  DIRECTOR = 'DIRECTOR',
}
registerEnumType(CreditJob, { name: 'CreditJob' })

@ObjectType('PersonEdge', { simpleResolvers: true })
export class PersonEdge {
  @Field(() => String)
  cursor: string

  @Field(() => Person)
  node: Person
}

@ObjectType('PersonConnection', { simpleResolvers: true })
export class PersonConnection {
  @Field(() => [PersonEdge])
  edges: readonly PersonEdge[]

  @Field(() => PageInfo)
  pageInfo: PageInfo

  @Field(() => Int, { description: 'Counted only when asked for.' })
  totalCount: () => Promise<number> | number
}

@ObjectType('CastEdge', { simpleResolvers: true })
export class CastEdge {
  @Field(() => String)
  cursor: string

  @Field(() => Person)
  node: Person

  @Field(() => String, { nullable: true })
  character: string | null
}

@ObjectType('CastConnection', { simpleResolvers: true })
export class CastConnection {
  @Field(() => [CastEdge])
  edges: readonly CastEdge[]

  @Field(() => PageInfo)
  pageInfo: PageInfo

  @Field(() => Int)
  totalCount: () => Promise<number> | number
}

@ObjectType('CreditEdge', { simpleResolvers: true, description: 'node is null when the film is gone.' })
export class CreditEdge {
  @Field(() => String)
  cursor: string

  @Field(() => Movie, { nullable: true })
  node: Movie | null

  @Field(() => CreditJob)
  job: `${CreditJob}`

  @Field(() => String, { nullable: true })
  character: string | null
}

@ObjectType('CreditConnection', { simpleResolvers: true })
export class CreditConnection {
  @Field(() => [CreditEdge])
  edges: readonly CreditEdge[]

  @Field(() => PageInfo)
  pageInfo: PageInfo

  @Field(() => Int, { description: 'Counted only when asked for.' })
  totalCount: () => Promise<number> | number
}
