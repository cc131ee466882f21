import 'reflect-metadata'
import { DateTime } from '@movieverse/kit/graphql/scalars'
import { createUserErrorType } from '@movieverse/kit/graphql/user-error'
import { Directive, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql'
import type { Fault } from './faults.ts'

export enum Role {
  USER = 'user',
  ADMIN = 'admin',
}
registerEnumType(Role, { name: 'Role' })

export enum ErrorCode {
  EMAIL_TAKEN = 'EMAIL_TAKEN',
  USERNAME_TAKEN = 'USERNAME_TAKEN',
  INVALID_CREDENTIALS = 'INVALID_CREDENTIALS',
  WEAK_PASSWORD = 'WEAK_PASSWORD',
  INVALID_VALUE = 'INVALID_VALUE',
  SESSION_EXPIRED = 'SESSION_EXPIRED',
  SESSION_REUSED = 'SESSION_REUSED',
  NOT_FOUND = 'NOT_FOUND',
}
registerEnumType(ErrorCode, { name: 'ErrorCode' })

export const UserError = createUserErrorType(ErrorCode)

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('User', { simpleResolvers: true })
export class User {
  @Field(() => ID)
  id: number
}

@ObjectType('SessionInfo', { simpleResolvers: true })
export class SessionInfo {
  @Field(() => ID)
  id: string

  @Field(() => DateTime)
  createdAt: Date

  @Field(() => DateTime)
  lastUsedAt: Date

  @Field(() => String, { nullable: true })
  userAgent: string | null

  @Field(() => Boolean)
  current: boolean
}

@Directive('@key(fields: "id")')
@ObjectType('Account', { simpleResolvers: true })
export class Account {
  @Field(() => ID, { description: "Equals the id of the account's User." })
  id: number

  @Field(() => String, {
    description: 'Imported members, who cannot sign in, have an address at members.invalid.',
  })
  email: string

  @Field(() => String)
  username: string

  @Field(() => [Role])
  roles: readonly `${Role}`[]

  @Field(() => DateTime)
  createdAt: Date

  /** The session that asks; undefined when nobody's does. */
  currentSessionId: string | undefined
}

@ObjectType('Session', { simpleResolvers: true })
export class Session {
  @Field(() => String, { description: 'EdDSA JWT of 15 minutes.' })
  accessToken: string

  @Field(() => DateTime)
  accessTokenExpiresAt: Date

  @Field(() => String, { description: 'Opaque, 7 days, changes at each use.' })
  refreshToken: string

  @Field(() => Account)
  account: Account
}

@InputType('RegisterInput')
export class RegisterInput {
  @Field(() => String)
  email: string

  @Field(() => String, {
    description: '3 to 30 letters, digits, “.”, “_” and “-”; unique without regard to case.',
  })
  username: string

  @Field(() => String, { description: '10 to 256 characters of any kind.' })
  password: string
}

@InputType('LoginInput', { description: 'One of email and username.' })
export class LoginInput {
  @Field(() => String, { nullable: true })
  email?: string | null

  @Field(() => String, { nullable: true })
  username?: string | null

  @Field(() => String)
  password: string
}

@InputType('RefreshSessionInput')
export class RefreshSessionInput {
  @Field(() => String)
  refreshToken: string
}

@InputType('LogoutInput')
export class LogoutInput {
  @Field(() => Boolean, { nullable: true, defaultValue: false })
  everywhere?: boolean | null
}

@InputType('ChangePasswordInput')
export class ChangePasswordInput {
  @Field(() => String)
  currentPassword: string

  @Field(() => String, { description: '10 to 256 characters of any kind.' })
  newPassword: string
}

@InputType('DeleteAccountInput')
export class DeleteAccountInput {
  @Field(() => String)
  password: string
}

@InputType('SetRolesInput')
export class SetRolesInput {
  @Field(() => ID)
  accountId: string

  @Field(() => [Role])
  roles: Role[]
}

@ObjectType('SessionPayload', { simpleResolvers: true })
export class SessionPayload {
  @Field(() => Session, { nullable: true })
  session: Session | null

  @Field(() => [UserError])
  errors: readonly Fault[]
}

@ObjectType('AccountPayload', { simpleResolvers: true })
export class AccountPayload {
  @Field(() => Account, { nullable: true })
  account: Account | null

  @Field(() => [UserError])
  errors: readonly Fault[]
}

@ObjectType('LogoutPayload', { simpleResolvers: true })
export class LogoutPayload {
  @Field(() => Int)
  sessionsEnded: number

  @Field(() => [UserError])
  errors: readonly Fault[]
}

@ObjectType('DeleteAccountPayload', { simpleResolvers: true })
export class DeleteAccountPayload {
  @Field(() => ID, { nullable: true })
  deletedAccountId: number | null

  @Field(() => [UserError])
  errors: readonly Fault[]
}
