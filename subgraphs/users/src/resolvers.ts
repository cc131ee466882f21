import type { SubgraphContext } from '@movieverse/kit/context'
import { badUserInput, forbidden } from '@movieverse/kit/errors'
import { isOwnerOrAdmin, requireViewer } from '@movieverse/kit/graphql/authorise'
import {
  listSize,
  PageArgs,
  type PageOrder,
  readPage,
  toConnection,
} from '@movieverse/kit/graphql/connection'
import { parseId, parseIds } from '@movieverse/kit/graphql/ids'
import { Arg, Args, Ctx, Directive, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql'
import type { Follows } from './follows.ts'
import type { Loaders } from './loaders.ts'
import type { Profiles } from './profiles.ts'
import {
  type FollowableValue,
  FollowConnection,
  FollowInput,
  FollowPayload,
  Genre,
  Preferences,
  ProfilePayload,
  UpdateProfileInput,
  User,
} from './schema.ts'
import type { Follow, Profile, Target } from './store.ts'

export interface ResolverParts {
  readonly loaders: Loaders
  readonly profiles: Profiles
  readonly follows: Follows
}

const newest: PageOrder<Follow> = {
  name: 'NEWEST',
  shape: ['integer'],
  keyOf: ({ position }) => [Number(position)],
}

@Resolver(() => User)
export class UserResolver {
  constructor(private readonly parts: ResolverParts) {}

  @Query(() => User, { nullable: true })
  async me(@Ctx() { viewer }: SubgraphContext): Promise<User | null> {
    return viewer && shown(await this.parts.profiles.own(viewer))
  }

  @Query(() => User, { nullable: true })
  async user(
    @Arg('id', () => ID, { nullable: true }) id: string | null | undefined,
    @Arg('username', () => String, { nullable: true }) username: string | null | undefined,
    @Ctx() context: SubgraphContext,
  ): Promise<User | null> {
    if ((id == null) === (username == null)) throw badUserInput('Give exactly one of id and username.')
    // Nobody's name has what PostgreSQL's text cannot hold.
    if (username != null)
      return username.includes('\0') ? null : shown(await this.parts.profiles.byUsername(username))
    return shown(await this.parts.loaders.profile(parseId(id), context))
  }

  @FieldResolver(() => [Genre])
  favoriteGenres(@Root() { favoriteGenreIds }: User): Genre[] {
    return favoriteGenreIds.map((id) => ({ id }))
  }

  @FieldResolver(() => Preferences, {
    nullable: true,
    description: 'Owner only; for others null with FORBIDDEN.',
  })
  preferences(@Root() { id, preferred }: User, @Ctx() context: SubgraphContext): Preferences {
    requireOwner(id, context)
    return preferred
  }

  @Directive(listSize)
  @FieldResolver(() => FollowConnection, { nullable: true, description: 'Owner only.' })
  async following(
    @Root() { id }: User,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() context: SubgraphContext,
  ): Promise<FollowConnection> {
    requireOwner(id, context)
    const { loaders } = this.parts
    const page = readPage(args, newest)
    const before = page.after === null ? undefined : BigInt(page.after[0] ?? 0)
    const rows = await loaders.follows({ userId: id, limit: page.limit, before }, context)
    const { edges, pageInfo, totalCount } = toConnection(rows, page, newest, () =>
      loaders.followCount(id, context),
    )
    return {
      pageInfo,
      totalCount: async () => totalCount(),
      edges: await Promise.all(
        edges.map(async ({ cursor, node }) => ({
          cursor,
          followedAt: node.followedAt,
          node: await this.followable(node, context),
        })),
      ),
    }
  }

  @Directive('@authenticated')
  @Mutation(() => ProfilePayload)
  async updateProfile(
    @Arg('input', () => UpdateProfileInput) { favoriteGenreIds, ...input }: UpdateProfileInput,
    @Ctx() context: SubgraphContext,
  ): Promise<ProfilePayload> {
    const genres = favoriteGenreIds && parseIds(favoriteGenreIds, 'input.favoriteGenreIds')
    const change = { ...input, favoriteGenreIds: genres }
    const outcome = await this.parts.profiles.update(requireViewer(context), change)
    if ('faults' in outcome) return { user: null, errors: outcome.faults }
    return { user: shown(outcome.value), errors: [] }
  }

  @Directive('@authenticated')
  @Mutation(() => FollowPayload, {
    description: 'Follow or stop following a person, genre or user: exactly one id.',
  })
  async follow(
    @Arg('input', () => FollowInput) { following, ...ids }: FollowInput,
    @Ctx() context: SubgraphContext,
  ): Promise<FollowPayload> {
    const outcome = await this.parts.follows.set(requireViewer(context), {
      following,
      personId: ids.personId == null ? null : parseId(ids.personId, 'input.personId'),
      genreId: ids.genreId == null ? null : parseId(ids.genreId, 'input.genreId'),
      userId: ids.userId == null ? null : parseId(ids.userId, 'input.userId'),
    })
    if ('faults' in outcome) return { followed: null, errors: outcome.faults }
    return { followed: await this.followable(outcome.value, context), errors: [] }
  }

  private async followable({ type, id }: Target, context: SubgraphContext): Promise<FollowableValue | null> {
    if (type !== 'user') return { id, followed: type }
    const user = shown(await this.parts.loaders.profile(id, context))
    return user && { ...user, followed: type }
  }
}

/** @throws GraphQLError FORBIDDEN unless the owner, an administrator or a service asks */
function requireOwner(userId: number, context: SubgraphContext): void {
  if (!isOwnerOrAdmin(context, userId) && context.service === undefined) throw forbidden()
}

/** How a profile is answered; null for none. */
export function shown(profile: Profile | null): User | null {
  if (!profile) return null
  const { userId, language, matureContent, emailNotifications, ...rest } = profile
  return { ...rest, id: userId, preferred: { language, matureContent, emailNotifications } }
}
