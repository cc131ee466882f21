import { randomUUID } from 'node:crypto'
import type { BusEvent } from '@movieverse/kit/bus/bus'
import { openReads } from '@movieverse/kit/databases/reads'
import { silentLog } from '@movieverse/kit/log'
import { createOutbox } from '@movieverse/kit/outbox/sql-outbox'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import { executeOn, type TestRequest } from '@movieverse/kit/testing/execute'
import type { Viewer } from '@movieverse/kit/viewer'
import type { DomainEvent, Topic } from '@movieverse/schema/events/contract'
import { createPrismaProfileStore, createUsersClient } from '../src/store.prisma.ts'
import { createUsersSubgraph } from '../src/subgraph.ts'
import { createNeighbours } from './neighbours.ts'

export type UsersHarness = Awaited<ReturnType<typeof openUsers>>

/** An answer that a test reaches into without naming its type. */
export interface Json {
  readonly [field: string]: Json
}

/** The users service on a database of its own, among neighbours whose entities the test decides. */
export async function openUsers() {
  const database = await createTestDatabase('users')
  const statements: string[] = []
  const settings = { onStatement: (sql: string) => statements.push(sql) }
  const client = createUsersClient(database.url, settings)
  const reads = openReads(database.url, client, settings)
  const neighbours = createNeighbours()
  const users = createUsersSubgraph({
    store: createPrismaProfileStore({ client, reads, outbox: createOutbox({ source: 'users' }) }),
    entities: neighbours.entities,
    log: silentLog,
  })

  const ask = <Data = Json>(query: string, variables: object = {}, who: Omit<TestRequest, 'query'> = {}) =>
    executeOn<Data>(users, { query, variables: { ...variables }, ...who })

  return {
    users,
    neighbours,
    statements,
    ask,
    /** Delivers an event to the group that takes its topic. */
    async deliver<T extends Topic>(topic: T, data: DomainEvent<T>, time = new Date()): Promise<void> {
      const event: BusEvent = {
        id: randomUUID(),
        source: 'test',
        topic,
        key: '1',
        type: data.type,
        time,
        origin: 'user',
        data,
      }
      const takers = users.consumers.filter(({ topics }) => topics.includes(topic))
      for (const taker of takers) await taker.handle(event, new AbortController().signal)
    },
    /** A user whose registration has been heard of. */
    async member(
      userId: number,
      username = `user${userId}`,
      roles: Viewer['roles'] = ['user'],
    ): Promise<Viewer> {
      await this.deliver('movieverse.accounts', {
        type: 'user_registered',
        user_id: userId,
        username,
        version: 1,
      })
      return { userId, username, roles, sessionId: `session of ${userId}` }
    },
    /** The events that were told, as the domain's JSON, oldest first. */
    told: async () =>
      (await client.outboxEvent.findMany({ orderBy: { position: 'asc' } })).map(
        ({ data }) => data as Record<string, unknown>,
      ),
    /** All that the profile's row still holds. */
    stored: async (userId: number) => JSON.stringify(await client.profile.findUnique({ where: { userId } })),
    async close() {
      await users.close()
      await database.close()
    },
  }
}

export const UPDATE = /* GraphQL */ `
  mutation ($input: UpdateProfileInput!) {
    updateProfile(input: $input) {
      user {
        id displayName bio avatarUrl favoriteGenres { id }
        preferences { language matureContent emailNotifications }
      }
      errors { code field }
    }
  }
`
export const FOLLOW = /* GraphQL */ `
  mutation ($input: FollowInput!) {
    follow(input: $input) {
      followed { __typename ... on Person { id } ... on Genre { id } ... on User { id username } }
      errors { code field }
    }
  }
`
