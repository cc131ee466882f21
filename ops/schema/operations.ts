import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSupergraph } from '@movieverse/gateway/supergraph/read'
import { parse, validate } from 'graphql'

/** @returns what is wrong with the front ends' operations under a supergraph, a line each */
export async function operationFaults(supergraphSdl: string, folder: string): Promise<string[]> {
  const { schema } = readSupergraph(supergraphSdl)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.graphql'))
  const faults = await Promise.all(
    files.map(async (file) => {
      const document = parse(await readFile(join(folder, file), 'utf8'))
      return validate(schema, document).map(({ message }) => `${join(folder, file)}: ${message}`)
    }),
  )
  return faults.flat()
}
