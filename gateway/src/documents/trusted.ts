import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Documents that front ends are known to send, by the SHA-256 (hexadecimal) of their text. */
export interface TrustedDocuments {
  readonly byId: ReadonlyMap<string, TrustedDocument>
}

export interface TrustedDocument {
  /** File name without `.graphql`. */
  readonly name: string
  readonly text: string
}

export const noTrustedDocuments: TrustedDocuments = { byId: new Map() }

/**
 * Reads every `.graphql` file of a folder as one document.
 * @throws when the folder cannot be read
 */
export async function readTrustedDocuments(directory: string): Promise<TrustedDocuments> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.graphql')).sort()
  const documents = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(directory, file), 'utf8')
      return [hash('sha256', text), { name: file.slice(0, -'.graphql'.length), text }] as const
    }),
  )
  return { byId: new Map(documents) }
}
