import 'reflect-metadata'
import { Directive, Field, ObjectType } from 'type-graphql'

/** A fault of a mutation's domain, told in its payload. */
export interface Fault<Code extends string> {
  readonly code: Code
  /** Plain words for people. */
  readonly message: string
  /** Path of the input field at fault. */
  readonly field?: readonly string[] | null
}

/**
 * The service's `UserError`, shared in form with every other service and with the service's own codes.
 * @param errorCodes the enum registered as `ErrorCode`
 */
export function createUserErrorType<Code extends string>(errorCodes: Record<string, Code>) {
  @Directive('@shareable')
  @ObjectType('UserError', { simpleResolvers: true })
  class UserError implements Fault<Code> {
    @Field(() => errorCodes)
    code: Code

    @Field(() => String)
    message: string

    @Field(() => [String], { nullable: true })
    field?: readonly string[] | null
  }
  return UserError
}
