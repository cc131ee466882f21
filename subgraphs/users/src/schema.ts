import 'reflect-metadata'
import { PageInfo } from '@movieverse/kit/graphql/connection'
import { DateTime, URL } from '@movieverse/kit/graphql/scalars'
import { createUserErrorType } from '@movieverse/kit/graphql/user-error'
import {
  createUnionType,
  Directive,
  Field,
  ID,
  InputType,
  Int,
  ObjectType,
  registerEnumType,
} from 'type-graphql'
import type { Fault } from './faults.ts'
import type { TargetType } from './store.ts'

export enum ErrorCode {
  INVALID_VALUE = 'INVALID_VALUE',
  NOT_FOUND = 'NOT_FOUND',
}
registerEnumType(ErrorCode, { name: 'ErrorCode' })

export const UserError = createUserErrorType(ErrorCode)

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Person', { simpleResolvers: true })
export class Person {
  @Field(() => ID)
  id: number
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Genre', { simpleResolvers: true })
export class Genre {
  @Field(() => ID)
  id: number
}

@ObjectType('Preferences', { simpleResolvers: true })
export class Preferences {
  @Field(() => String, { description: 'BCP 47.' })
  language: string

  @Field(() => Boolean)
  matureContent: boolean

  @Field(() => Boolean)
  emailNotifications: boolean
}

@Directive('@key(fields: "id")')
@ObjectType('User', { simpleResolvers: true })
export class User {
  @Field(() => ID)
  id: number

  @Field(() => String)
  username: string

  @Field(() => String)
  displayName: string

  @Field(() => String, { nullable: true })
  bio: string | null

  @Field(() => URL, { nullable: true })
  avatarUrl: string | null

  @Field(() => DateTime)
  joinedAt: Date

  favoriteGenreIds: readonly number[]
  /** Shown to the owner alone, through `preferences`. */
  preferred: Preferences
}

const classes = { person: Person, genre: Genre, user: User } as const

/** A person, genre or user on its way out, told apart by what it is a target of. */
export type FollowableValue = (Person | Genre | User) & { readonly followed: TargetType }

export const Followable = createUnionType({
  name: 'Followable',
  types: () => [Person, Genre, User] as const,
  resolveType: (value: Partial<FollowableValue>) => value.followed && classes[value.followed],
})

@ObjectType('FollowEdge', { simpleResolvers: true })
export class FollowEdge {
  @Field(() => String)
  cursor: string

  @Field(() => Followable, { nullable: true })
  node: FollowableValue | null

  @Field(() => DateTime)
  followedAt: Date
}

@ObjectType('FollowConnection', { simpleResolvers: true })
export class FollowConnection {
  @Field(() => [FollowEdge])
  edges: readonly FollowEdge[]

  @Field(() => PageInfo)
  pageInfo: PageInfo

  /** Counted when it is selected. */
  @Field(() => Int)
  totalCount: () => Promise<number>
}

@InputType('PreferencesInput')
export class PreferencesInput {
  @Field(() => String, { nullable: true })
  language?: string | null

  @Field(() => Boolean, { nullable: true })
  matureContent?: boolean | null

  @Field(() => Boolean, { nullable: true })
  emailNotifications?: boolean | null
}

@InputType('UpdateProfileInput', {
  description: 'What is left out stays as it is; null empties bio and avatarUrl, and leaves the rest.',
})
export class UpdateProfileInput {
  @Field(() => String, { nullable: true, description: '1 to 120 characters.' })
  displayName?: string | null

  @Field(() => String, { nullable: true, description: '500 characters at most.' })
  bio?: string | null

  @Field(() => URL, { nullable: true })
  avatarUrl?: string | null

  @Field(() => [ID], { nullable: true, description: '50 at most.' })
  favoriteGenreIds?: string[] | null

  @Field(() => PreferencesInput, { nullable: true })
  preferences?: PreferencesInput | null
}

@InputType('FollowInput', { description: 'Exactly one id.' })
export class FollowInput {
  @Field(() => ID, { nullable: true })
  personId?: string | null

  @Field(() => ID, { nullable: true })
  genreId?: string | null

  @Field(() => ID, { nullable: true })
  userId?: string | null

  @Field(() => Boolean, { defaultValue: true })
  following: boolean
}

@ObjectType('ProfilePayload', { simpleResolvers: true })
export class ProfilePayload {
  @Field(() => User, { nullable: true })
  user: User | null

  @Field(() => [UserError])
  errors: readonly Fault[]
}

@ObjectType('FollowPayload', { simpleResolvers: true })
export class FollowPayload {
  @Field(() => Followable, { nullable: true })
  followed: FollowableValue | null

  @Field(() => [UserError])
  errors: readonly Fault[]
}
