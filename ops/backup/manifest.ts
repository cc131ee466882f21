import { createHash } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reasonOf, StartupError } from '@movieverse/kit/errors'
import { z } from 'zod'

const table = z.object({
  /** With its schema, or a collection. */
  name: z.string(),
  /** In the order of the values; empty for documents. */
  columns: z.array(z.string()),
  /** From the backup's folder. */
  file: z.string(),
  rows: z.int().nonnegative(),
  /** Of the rows as text, before they were compressed. */
  sha256: z.string(),
})

const store = z.object({
  engine: z.enum(['postgres', 'mysql', 'mongodb']),
  /** Names of the migrations that had made its tables; none for a store that makes them itself. */
  migrations: z.array(z.string()),
  tables: z.array(table),
  /** Last values of the sequences. */
  sequences: z.record(z.string(), z.string()),
})

const manifest = z.object({
  format: z.literal(1),
  takenAt: z.iso.datetime(),
  stores: z.record(z.string(), store),
  /** Of a log that is kept elsewhere: its readers, with the events that they had not handled. */
  readers: z.record(z.string(), z.object({ topics: z.array(z.string()), behind: z.int() })),
  /** Of the data folder, with their SHA-256. */
  files: z.record(z.string(), z.string()),
})

export type BackupTable = z.infer<typeof table>
export type BackupStore = z.infer<typeof store>
/** What a backup holds. It is written last: a folder without it is none. */
export type Manifest = z.infer<typeof manifest>

const fileName = 'manifest.json'

export async function writeManifest(folder: string, content: Manifest): Promise<void> {
  const making = join(folder, `${fileName}.making`)
  await writeFile(making, `${JSON.stringify(content, null, 2)}\n`, { flush: true })
  await rename(making, join(folder, fileName))
}

/** @throws StartupError BACKUP_UNUSABLE when there is none, or none of this program's */
export async function readManifest(folder: string): Promise<Manifest> {
  try {
    return manifest.parse(JSON.parse(await readFile(join(folder, fileName), 'utf8')))
  } catch (error) {
    throw unusable(`${folder} holds no whole backup of this program: ${reasonOf(error)}`, error)
  }
}

export function unusable(message: string, cause?: unknown): StartupError {
  const remedy = 'Name the folder of a backup that came to its end. Nothing was changed.'
  return new StartupError('BACKUP_UNUSABLE', message, remedy, { cause })
}

/** One text for all the rows of a store: equal for equal contents. */
export function contentHash({ tables }: Pick<BackupStore, 'tables'>): string {
  const hash = createHash('sha256')
  for (const { name, rows, sha256 } of tables.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    hash.update(`${name} ${rows} ${sha256}\n`)
  }
  return hash.digest('hex')
}
