import type { SubgraphContext } from '@movieverse/kit/context'
import { forbidden } from '@movieverse/kit/errors'
import { isOwnerOrAdmin, requireViewer } from '@movieverse/kit/graphql/authorise'
import { parseId } from '@movieverse/kit/graphql/ids'
import DataLoader from 'dataloader'
import { Arg, Ctx, Directive, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql'
import type { Accounts } from './accounts.ts'
import type { Outcome } from './faults.ts'
import {
  Account,
  AccountPayload,
  ChangePasswordInput,
  DeleteAccountInput,
  DeleteAccountPayload,
  LoginInput,
  LogoutInput,
  LogoutPayload,
  RefreshSessionInput,
  RegisterInput,
  type Session,
  SessionInfo,
  SessionPayload,
  SetRolesInput,
  User,
} from './schema.ts'
import type { Sessions } from './sessions.ts'
import type { Client, OpenSession, SignIn } from './sign-in.ts'
import type { AccountStore, Account as StoredAccount } from './store.ts'
import { rolesOf } from './tokens.ts'

export interface ResolverParts {
  readonly store: AccountStore
  readonly accounts: Accounts
  readonly signIn: SignIn
  readonly sessions: Sessions
}

const accountsById = Symbol('accounts by id')

/** @throws GraphQLError FORBIDDEN unless the owner, an administrator or a service asks */
export async function visibleAccount(
  store: AccountStore,
  id: number,
  context: SubgraphContext,
): Promise<Account | null> {
  if (!isOwnerOrAdmin(context, id) && context.service === undefined) throw forbidden()
  const loader = context.once(
    accountsById,
    () => new DataLoader((ids: readonly number[]) => store.byIds(ids)),
  )
  const found = await loader.load(id)
  return found && shown(found, context.viewer?.sessionId)
}

@Resolver(() => Account)
export class AccountResolver {
  constructor(private readonly parts: ResolverParts) {}

  @Query(() => Account, {
    nullable: true,
    description: 'The signed-in account; null when signed out. An administrator may name another by id.',
  })
  async account(
    @Arg('id', () => ID, { nullable: true }) id: string | null | undefined,
    @Ctx() context: SubgraphContext,
  ): Promise<Account | null> {
    if (id != null) return visibleAccount(this.parts.store, parseId(id), context)
    return context.viewer ? visibleAccount(this.parts.store, context.viewer.userId, context) : null
  }

  @FieldResolver(() => [SessionInfo])
  async sessions(@Root() { id, currentSessionId }: Account): Promise<SessionInfo[]> {
    const open = await this.parts.sessions.list(id)
    return open.map((session) => ({ ...session, current: session.id === currentSessionId }))
  }

  @FieldResolver(() => User)
  user(@Root() { id }: Account): User {
    return { id }
  }

  @Mutation(() => SessionPayload)
  async register(
    @Arg('input', () => RegisterInput) input: RegisterInput,
    @Ctx() context: SubgraphContext,
  ): Promise<SessionPayload> {
    return sessionPayload(await this.parts.accounts.register(input, clientOf(context)))
  }

  @Mutation(() => SessionPayload)
  async login(
    @Arg('input', () => LoginInput) input: LoginInput,
    @Ctx() context: SubgraphContext,
  ): Promise<SessionPayload> {
    return sessionPayload(await this.parts.signIn.login(input, clientOf(context)))
  }

  @Mutation(() => SessionPayload, {
    description:
      'Rotates the refresh token. Within 10 s the same token gives the same successor; after that its reuse ends every session of its family.',
  })
  async refreshSession(
    @Arg('input', () => RefreshSessionInput) { refreshToken }: RefreshSessionInput,
  ): Promise<SessionPayload> {
    return sessionPayload(await this.parts.signIn.refresh(refreshToken))
  }

  @Directive('@authenticated')
  @Mutation(() => LogoutPayload)
  async logout(
    @Arg('input', () => LogoutInput) { everywhere }: LogoutInput,
    @Ctx() context: SubgraphContext,
  ): Promise<LogoutPayload> {
    return {
      sessionsEnded: await this.parts.signIn.logout(requireViewer(context), everywhere ?? false),
      errors: [],
    }
  }

  @Directive('@authenticated')
  @Mutation(() => SessionPayload)
  async changePassword(
    @Arg('input', () => ChangePasswordInput) input: ChangePasswordInput,
    @Ctx() context: SubgraphContext,
  ): Promise<SessionPayload> {
    return sessionPayload(
      await this.parts.accounts.changePassword(requireViewer(context), input, clientOf(context)),
    )
  }

  @Directive('@authenticated')
  @Mutation(() => DeleteAccountPayload, {
    description: 'Erases the account here and, by user_erased, everywhere else.',
  })
  async deleteAccount(
    @Arg('input', () => DeleteAccountInput) { password }: DeleteAccountInput,
    @Ctx() context: SubgraphContext,
  ): Promise<DeleteAccountPayload> {
    const outcome = await this.parts.accounts.erase(requireViewer(context), password, clientOf(context))
    if ('faults' in outcome) return { deletedAccountId: null, errors: outcome.faults }
    return { deletedAccountId: outcome.value, errors: [] }
  }

  @Directive('@requiresScopes(scopes: [["admin"]])')
  @Mutation(() => AccountPayload)
  async setRoles(
    @Arg('input', () => SetRolesInput) { accountId, roles }: SetRolesInput,
    @Ctx() context: SubgraphContext,
  ): Promise<AccountPayload> {
    const outcome = await this.parts.accounts.setRoles(parseId(accountId, 'input.accountId'), roles)
    if ('faults' in outcome) return { account: null, errors: outcome.faults }
    return { account: shown(outcome.value, context.viewer?.sessionId), errors: [] }
  }
}

function shown(account: StoredAccount, currentSessionId: string | undefined): Account {
  const { id, username, createdAt } = account
  const email = account.email ?? `${id}@members.invalid`
  return { id, email, username, roles: rolesOf(account), createdAt, currentSessionId }
}

function sessionPayload(outcome: Outcome<OpenSession>): SessionPayload {
  if ('faults' in outcome) return { session: null, errors: outcome.faults }
  const { id, account, accessToken, accessTokenExpiresAt, refreshToken } = outcome.value
  const session: Session = {
    accessToken,
    accessTokenExpiresAt,
    refreshToken,
    account: shown(account, id),
  }
  return { session, errors: [] }
}

const clientOf = ({ clientAddress, userAgent }: SubgraphContext): Client => ({
  address: clientAddress,
  userAgent,
})
