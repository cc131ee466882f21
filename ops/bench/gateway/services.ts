import type { GraphQLResolverMap } from '@apollo/subgraph'
import { type GraphQLSchema, parse } from 'graphql'
import { type ProductRow, products, type ReviewRow, reviews, type UserRow, users } from './catalogue.ts'

/** One subgraph of the benchmark: the SDL that is composed and its resolvers. */
interface Service {
  readonly name: string
  readonly sdl: string
  readonly resolvers: GraphQLResolverMap<unknown>
}

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires", "@provides"])`

interface InventoryReference {
  readonly upc: string
  readonly price?: number
  readonly weight?: number
}

const usersService: Service = {
  name: 'users',
  sdl: `${LINK}
    type Query { me: User users: [User] user(id: ID!): User }
    type User @key(fields: "id") { id: ID! name: String username: String birthday: Int }`,
  resolvers: {
    Query: {
      me: () => users[0],
      users: () => users,
      user: (_: unknown, { id }: { id: string }) => users.find((user) => user.id === id),
    },
    User: { __resolveReference: ({ id }: { id: string }) => users.find((user) => user.id === id) },
  },
}

const productsService: Service = {
  name: 'products',
  sdl: `${LINK}
    type Query { topProducts(first: Int = 5): [Product] }
    type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }`,
  resolvers: {
    Query: { topProducts: (_: unknown, { first }: { first: number }) => products.slice(0, first) },
    Product: {
      __resolveReference: ({ upc }: { upc: string }) => products.find((product) => product.upc === upc),
    },
  },
}

const inventoryService: Service = {
  name: 'inventory',
  sdl: `${LINK}
    type Product @key(fields: "upc") {
      upc: String!
      price: Int @external
      weight: Int @external
      inStock: Boolean
      shippingEstimate: Int @requires(fields: "price weight")
    }`,
  resolvers: {
    Product: {
      __resolveReference: (reference: InventoryReference) => ({
        ...reference,
        inStock: products.find((product) => product.upc === reference.upc)?.inStock,
      }),
      // Heavy goods below a thousand pay by weight, dear ones go free of charge.
      shippingEstimate: ({ price, weight }: InventoryReference) =>
        price === undefined || weight === undefined ? null : price > 1000 ? 0 : Math.round(weight / 2),
    },
  },
}

const reviewsService: Service = {
  name: 'reviews',
  sdl: `${LINK}
    type Review @key(fields: "id") {
      id: ID!
      body: String
      author: User @provides(fields: "username")
      product: Product
    }
    type User @key(fields: "id") { id: ID! username: String @external reviews: [Review] }
    type Product @key(fields: "upc") { upc: String! reviews: [Review] }`,
  resolvers: {
    Review: {
      __resolveReference: ({ id }: { id: string }) => reviews.find((review) => review.id === id),
      author: ({ authorId }: ReviewRow) => users.find((user) => user.id === authorId),
      product: ({ upc }: ReviewRow) => ({ upc }),
    },
    User: {
      __resolveReference: ({ id }: { id: string }) => ({ id }),
      reviews: ({ id }: UserRow) => reviews.filter((review) => review.authorId === id),
    },
    Product: {
      __resolveReference: ({ upc }: { upc: string }) => ({ upc }),
      reviews: ({ upc }: ProductRow) => reviews.filter((review) => review.upc === upc),
    },
  },
}

const services: readonly Service[] = [usersService, productsService, inventoryService, reviewsService]

/** SDL by subgraph name, for gateways that compose by themselves. */
export function serviceSdls(): Map<string, string> {
  return new Map(services.map(({ name, sdl }) => [name, sdl]))
}

/** Executable schemas by subgraph name. Loads @apollo/subgraph only when called. */
export async function buildServices(): Promise<Map<string, GraphQLSchema>> {
  const { buildSubgraphSchema } = await import('@apollo/subgraph')
  return new Map(
    services.map(({ name, sdl, resolvers }) => [
      name,
      buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers }]),
    ]),
  )
}

/**
 * Composes the supergraph of subgraphs that answer at `origin/<name>`.
 * @throws Error with the composer's messages
 */
export async function composeSupergraph(origin: string): Promise<string> {
  const { composeServices } = await import('@theguild/federation-composition')
  const result = composeServices(
    services.map(({ name, sdl }) => ({ name, url: `${origin}/${name}`, typeDefs: parse(sdl) })),
  )
  if (result.supergraphSdl === undefined)
    throw new Error((result.errors ?? []).map((error) => error.message).join('\n'))
  return result.supergraphSdl
}
