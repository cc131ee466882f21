import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A standard Prisma migration: `<folder>/<name>/migration.sql`. */
export interface Migration {
  /** `20260101120000_init`: the order is that of the names. */
  readonly name: string
  readonly sql: string
  /** SHA-256 of the file in hex, as `_prisma_migrations.checksum` has it. */
  readonly checksum: string
}

/** @returns the folder's migrations in order; none when there is no such folder */
export async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const names = await folderNames(folder)
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function folderNames(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
