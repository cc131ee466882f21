import { composeServices } from '@theguild/federation-composition'
import { parse } from 'graphql'

export interface SubgraphSdl {
  readonly name: string
  readonly sdl: string
}

/** Where each subgraph answers when it is a process of its own on this machine. `SUBGRAPH_URL_<NAME>` names another place. */
const ports: Readonly<Record<string, number>> = {
  auth: 4001,
  users: 4002,
  movies: 4003,
  reviews: 4004,
  metadata: 4005,
}

/**
 * Composes by the rules of Federation 2.
 * @returns the supergraph SDL
 * @throws Error with the composer's own messages when the subgraphs do not fit together
 */
export function composeSupergraph(subgraphs: readonly SubgraphSdl[]): string {
  const { supergraphSdl, errors } = composeServices(
    subgraphs.map(({ name, sdl }) => {
      const port = ports[name]
      if (port === undefined) throw new Error(`The subgraph ${name} has no port in ops/schema/compose.ts.`)
      return { name, typeDefs: parse(sdl), url: `http://127.0.0.1:${port}/graphql` }
    }),
  )
  if (supergraphSdl !== undefined) return supergraphSdl
  const messages = errors?.map(({ message }) => `  ${message}`) ?? []
  throw new Error(['The subgraphs do not compose:', ...messages].join('\n'))
}
