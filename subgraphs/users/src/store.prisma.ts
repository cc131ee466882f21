import { type PrismaClientSettings, prismaOptions } from '@movieverse/kit/databases/prisma'
import type { Reads } from '@movieverse/kit/databases/reads'
import type { Outbox } from '@movieverse/kit/outbox/outbox'
import { prismaSql } from '@movieverse/kit/sql'
import { foldText } from '@movieverse/kit/text'
import { type FollowTarget, Prisma, PrismaClient } from './generated/client.ts'
import type { Follow, KnownKind, Profile, ProfileStore } from './store.ts'

/**
 * A client on the service's own database; the composition root shares it with the outbox's relay.
 * @param url PostgreSQL
 */
export function createUsersClient(
  url: string,
  { connections = 10, onStatement }: PrismaClientSettings = {},
): PrismaClient {
  const options = prismaOptions(url, { connections, planOnce: true })
  if (!onStatement) return new PrismaClient(options)
  const client = new PrismaClient({ ...options, log: [{ emit: 'event', level: 'query' }] })
  client.$on('query', ({ query }) => onStatement(query))
  return client
}

const knownTables = {
  genre: Prisma.sql`known_genres`,
  person: Prisma.sql`known_people`,
} as const satisfies Record<KnownKind, Prisma.Sql>

const profileColumns = `user_id as "userId", username, display_name as "displayName", bio, avatar_url as "avatarUrl",
  favorite_genre_ids as "favoriteGenreIds", language, mature_content as "matureContent",
  email_notifications as "emailNotifications", version, joined_at as "joinedAt", erased_at as "erasedAt"`

type ProfileRow = Omit<Prisma.ProfileModel, 'usernameKey'>

interface FollowRow {
  readonly page: number
  readonly id: bigint
  readonly target_type: FollowTarget
  readonly target_id: number
  readonly followed_at: Date
}

/** Profiles in PostgreSQL, by Prisma. */
export function createPrismaProfileStore({
  client,
  reads,
  outbox,
}: {
  readonly client: PrismaClient
  /** Of the same database; closed with the store. */
  readonly reads: Reads
  readonly outbox: Outbox
}): ProfileStore {
  return {
    async byIds(ids) {
      const rows = await reads.query<ProfileRow>(
        `select ${profileColumns} from profiles where user_id = any($1::int[])`,
        [ids],
      )
      const found = new Map(rows.map((row) => [row.userId, profileOf(row) ?? ('erased' as const)]))
      return ids.map((id) => found.get(id) ?? null)
    },

    async byUsernameKey(usernameKey) {
      const [row] = await reads.query<ProfileRow>(
        `select ${profileColumns} from profiles
         where username_key = $1 and erased_at is null order by user_id desc limit 1`,
        [usernameKey],
      )
      return row ? profileOf(row) : null
    },

    async add(profiles) {
      const rows = [...new Map(profiles.map((profile) => [profile.userId, profile])).values()]
      // Rows are locked in the order of their ids, so that two batches cannot wait for each other.
      rows.sort((a, b) => a.userId - b.userId)
      await client.$executeRaw`
        insert into profiles as p (user_id, username, username_key, display_name, joined_at)
        select * from unnest(
          ${rows.map(({ userId }) => userId)}::int[],
          ${rows.map(({ username }) => username)}::text[],
          ${rows.map(({ username }) => foldText(username))}::text[],
          ${rows.map(({ displayName }) => displayName)}::text[],
          ${rows.map(({ joinedAt }) => joinedAt.toISOString())}::timestamptz[]
        )
        on conflict (user_id) do update set
          joined_at = least(p.joined_at, excluded.joined_at),
          display_name = case
            when p.version = 1 and p.display_name = p.username then excluded.display_name
            else p.display_name
          end
        where p.erased_at is null
          and (p.joined_at > excluded.joined_at or p.version = 1 and p.display_name = p.username)`
    },

    async missingIn(first, last) {
      const rows = await client.$queryRaw<{ id: number }[]>`
        select id from generate_series(${first}::int, ${last}::int) as id
        where not exists (select from profiles where user_id = id) order by id`
      return rows.map(({ id }) => id)
    },

    async change(userId, { favoriteGenreIds, ...change }, tell) {
      const changed = await client.$transaction(async (tx) => {
        const [row] = await tx.profile.updateManyAndReturn({
          where: { userId, erasedAt: null },
          omit: { usernameKey: true },
          data: {
            ...change,
            ...(favoriteGenreIds ? { favoriteGenreIds: [...favoriteGenreIds] } : {}),
            version: { increment: 1 },
          },
        })
        const profile = row ? profileOf(row) : null
        if (profile) await outbox.append(prismaSql(tx), tell(profile))
        return profile
      })
      if (changed) outbox.wake()
      return changed
    },

    erase: (userId) =>
      client.$transaction(async (tx) => {
        // The profile first: who is about to follow holds its row, and is seen by the deletion below.
        await tx.$executeRaw`
          insert into profiles (user_id, joined_at, erased_at) values (${userId}, now(), now())
          on conflict (user_id) do update set
            username = null, username_key = null, display_name = null, bio = null, avatar_url = null,
            favorite_genre_ids = '{}', language = default, mature_content = default, email_notifications = default,
            joined_at = excluded.joined_at, erased_at = excluded.erased_at
          where profiles.erased_at is null`
        await tx.follow.deleteMany({ where: { OR: [{ userId }, { targetType: 'user', targetId: userId }] } })
      }),

    async follow(userId, target, { following, tell }) {
      const done = await client.$transaction(async (tx) => {
        const people = target.type === 'user' ? [userId, target.id] : [userId]
        // In the order of the ids, so that two who follow each other at once do not wait for each other.
        const locked = await tx.$queryRaw<unknown[]>`
          select from profiles where user_id = any(${people}::int[]) and erased_at is null
          order by user_id for no key update`
        if (locked.length < people.length) return 'missing'
        const row = { userId, targetType: target.type, targetId: target.id }
        const { count } = following
          ? await tx.follow.createMany({ data: [{ ...row, followedAt: new Date() }], skipDuplicates: true })
          : await tx.follow.deleteMany({ where: row })
        if (count === 0) return 'unchanged'
        const { version } = await tx.profile.update({
          where: { userId },
          data: { version: { increment: 1 } },
          select: { version: true },
        })
        await outbox.append(prismaSql(tx), tell({ userId, version }))
        return 'changed'
      })
      if (done === 'changed') outbox.wake()
      return done !== 'missing'
    },

    async follows(pages) {
      const rows = await client.$queryRaw<FollowRow[]>`
        select asked.page::int, f.id, f.target_type, f.target_id, f.followed_at
        from unnest(
          ${pages.map(({ userId }) => userId)}::int[],
          ${pages.map(({ before }) => before?.toString() ?? null)}::bigint[],
          ${pages.map(({ limit }) => limit)}::int[]
        ) with ordinality as asked (user_id, before, most, page)
        cross join lateral (
          select id, target_type, target_id, followed_at from follows
          where follows.user_id = asked.user_id and (asked.before is null or follows.id < asked.before)
          order by id desc limit asked.most
        ) f
        order by asked.page, f.id desc`
      const found = Map.groupBy(rows, ({ page }) => page)
      return pages.map((_, index) => (found.get(index + 1) ?? []).map(followOf))
    },

    async followCounts(userIds) {
      const rows = await client.follow.groupBy({
        by: 'userId',
        where: { userId: { in: [...userIds] } },
        _count: true,
      })
      const counts = new Map(rows.map((row) => [row.userId, row._count]))
      return userIds.map((id) => counts.get(id) ?? 0)
    },

    async known(kind, ids) {
      const rows = await client.$queryRaw<{ id: number }[]>`
        select id from ${knownTables[kind]} where id = any(${[...ids]}::int[])`
      return new Set(rows.map(({ id }) => id))
    },

    async addKnown(kind, ids) {
      await client.$executeRaw`
        insert into ${knownTables[kind]} (id) select unnest(${[...ids].sort((a, b) => a - b)}::int[])
        on conflict do nothing`
    },

    ping: async () => {
      await Promise.all([client.$queryRaw`select 1`, reads.query('select 1', [])])
    },
    async close() {
      await Promise.all([client.$disconnect(), reads.close()])
    },
  }
}

/** @returns null for an erased one */
function profileOf({ erasedAt, username, displayName, ...row }: ProfileRow): Profile | null {
  return erasedAt || username === null || displayName === null ? null : { ...row, username, displayName }
}

function followOf(row: FollowRow): Follow {
  return { position: row.id, type: row.target_type, id: row.target_id, followedAt: row.followed_at }
}
