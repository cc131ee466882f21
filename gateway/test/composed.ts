import { composeServices } from '@theguild/federation-composition'
import { parse } from 'graphql'

/** Federation 2.9 with every directive that the gateway's front reads. */
export const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@shareable", "@authenticated", "@requiresScopes", "@cost", "@listSize"])`

/**
 * @param services SDL by subgraph name, without the federation link
 * @param url where each subgraph answers
 * @returns the supergraph SDL
 */
export function composed(
  services: Readonly<Record<string, string>>,
  url = (name: string) => `http://127.0.0.1:1/${name}`,
): string {
  const result = composeServices(
    Object.entries(services).map(([name, sdl]) => ({
      name,
      url: url(name),
      typeDefs: parse(`${link}\n${sdl}`),
    })),
  )
  if (result.supergraphSdl === undefined)
    throw new Error(result.errors?.map(({ message }) => message).join('\n'))
  return result.supergraphSdl
}
