import 'reflect-metadata'
import { createLocalEntityReader } from '@movieverse/kit/entities'
import { buildFederatedSchema } from '@movieverse/kit/graphql/build'
import { createLocalExecutor, type LocalExecutor } from '@movieverse/kit/graphql/local'
import { DateTime } from '@movieverse/kit/graphql/scalars'
import { silentLog } from '@movieverse/kit/log'
import type { EntityReader } from '@movieverse/kit/subgraph'
import { Directive, Field, ID, ObjectType, Query, Resolver } from 'type-graphql'

@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true })
class Account {
  @Field(() => ID)
  id: string

  @Field(() => String)
  username: string

  @Field(() => DateTime)
  createdAt: string
}

@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true })
class Genre {
  @Field(() => ID)
  id: string
}

@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true })
class Person {
  @Field(() => ID)
  id: string
}

@Resolver()
class AuthQueries {
  @Query(() => Account, { nullable: true })
  account(): Account | null {
    return null
  }
}

@Resolver()
class MetadataQueries {
  @Query(() => Genre, { nullable: true })
  genre(): Genre | null {
    return null
  }

  @Query(() => Person, { nullable: true })
  person(): Person | null {
    return null
  }
}

/** What the services beside users have, as far as a test gives it to them. */
export interface Neighbours {
  readonly accounts: Map<string, { username: string; createdAt: string }>
  readonly genres: Set<string>
  readonly people: Set<string>
  /** Whether they answer. */
  reachable: boolean
  /** Times that they were asked. */
  asked: number
  readonly entities: EntityReader
}

/** Two small subgraphs that own what users refers to, read the way services read each other. */
export function createNeighbours(): Neighbours {
  const accounts: Neighbours['accounts'] = new Map()
  const genres = new Set<string>()
  const people = new Set<string>()
  const executors = new Map<string, LocalExecutor>()
  const neighbours: Neighbours = {
    accounts,
    genres,
    people,
    reachable: true,
    asked: 0,
    entities: createLocalEntityReader('users', executors),
  }
  const listed = (ids: ReadonlySet<string>) => (reference: { readonly id?: unknown }) =>
    ids.has(String(reference.id)) ? { id: String(reference.id) } : null
  const schemas = {
    auth: buildFederatedSchema({
      resolvers: [AuthQueries],
      references: {
        Account: ({ id }) => {
          const account = accounts.get(String(id))
          return account ? { id, ...account } : null
        },
      },
    }),
    metadata: buildFederatedSchema({
      resolvers: [MetadataQueries],
      references: {
        Genre: (reference) => listed(genres)(reference as { id?: unknown }),
        Person: (reference) => listed(people)(reference as { id?: unknown }),
      },
    }),
  }
  for (const [name, schema] of Object.entries(schemas)) {
    const execute = createLocalExecutor(schema, { log: silentLog })
    executors.set(name, async (request, context) => {
      if (!neighbours.reachable) throw new Error(`${name} does not answer`)
      neighbours.asked += 1
      return execute(request, context)
    })
  }
  return neighbours
}
