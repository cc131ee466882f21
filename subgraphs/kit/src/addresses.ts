import { readFile } from 'node:fs/promises'
import { Kind, parse } from 'graphql'
import type { EnvSource } from './env.ts'

/** Where the subgraphs answer, by name. */
export type Addresses = (subgraph: string) => string | undefined

/** @returns `SUBGRAPH_URL_DATA_PLATFORM` for `data-platform` */
export function addressVariable(subgraph: string): string {
  return `SUBGRAPH_URL_${subgraph.toUpperCase().replaceAll('-', '_')}`
}

/**
 * Addresses of the composed supergraph (`@join__graph`), which `SUBGRAPH_URL_<NAME>` replaces.
 * @param supergraph path of the file; without one only the environment is known
 */
export async function readAddresses(supergraph: string, env: EnvSource): Promise<Addresses> {
  const composed = graphUrls(await readFile(supergraph, 'utf8'))
  return (subgraph) => env[addressVariable(subgraph)] || composed.get(subgraph)
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
