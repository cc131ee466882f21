import { readFile } from 'node:fs/promises'
import { Kind, parse } from 'graphql'
import type { EnvSource } from './env.ts'

/** Where the subgraphs answer, by name: each process of one has an address of its own. None for one that is not known. */
export type Addresses = (subgraph: string) => readonly string[]

/** Those of the environment: `SUBGRAPH_URL_DATA_PLATFORM=http://a/graphql,http://b/graphql` for `data-platform`. */
export function environmentAddresses(env: EnvSource): Addresses {
  return (subgraph) => {
    const urls = env[`SUBGRAPH_URL_${subgraph.toUpperCase().replaceAll('-', '_')}`] ?? ''
    return urls.split(',').flatMap((url) => url.trim() || [])
  }
}

/**
 * Addresses of the composed supergraph (`@join__graph`), which those of the environment replace.
 * @param supergraph path of the file
 */
export async function readAddresses(supergraph: string, env: EnvSource): Promise<Addresses> {
  const composed = graphUrls(await readFile(supergraph, 'utf8'))
  const given = environmentAddresses(env)
  return (subgraph) => {
    const urls = given(subgraph)
    return urls.length > 0 ? urls : [composed.get(subgraph) ?? []].flat()
  }
}

function graphUrls(sdl: string): ReadonlyMap<string, string> {
  const urls = new Map<string, string>()
  for (const definition of parse(sdl, { noLocation: true }).definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue
    for (const { directives = [] } of definition.values ?? []) {
      const join = directives.find(({ name }) => name.value === 'join__graph')
      const text = (argument: string): string => {
        const value = join?.arguments?.find(({ name }) => name.value === argument)?.value
        return value?.kind === Kind.STRING ? value.value : ''
      }
      urls.set(text('name'), text('url'))
    }
  }
  return urls
}
