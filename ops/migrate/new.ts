import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createMigrationEngine } from '@movieverse/kit/databases/migration-engine'
import { readMigrations } from '@movieverse/kit/databases/migrations'
import { silentLog } from '@movieverse/kit/log'
import { startEmbeddedPostgres } from '@movieverse/kit/postgres/embedded'

/**
 * Writes the migrations that lead from the end of each folder to its schema, computed by Prisma's engine on a server of
 * its own that is gone afterwards.
 * @returns files written; a folder that is at its schema's state gets none
 */
export async function newMigrations(
  name: string,
  folders: readonly string[],
  now: Date,
): Promise<readonly string[]> {
  const stamp = now.toISOString().replace(/\D/g, '').slice(0, 14)
  const dataDir = await mkdtemp(join(tmpdir(), 'movieverse-migrate-'))
  const postgres = await startEmbeddedPostgres({ dataDir, durable: false, log: silentLog })
  const written: string[] = []
  try {
    for (const folder of folders) {
      const sql = await difference(postgres.url('postgres'), folder)
      if (sql === '') continue
      const file = join(folder, `${stamp}_${name}`, 'migration.sql')
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, sql)
      const lock = join(folder, 'migration_lock.toml')
      if (!existsSync(lock)) await writeFile(lock, 'provider = "postgresql"\n')
      written.push(file)
    }
  } finally {
    await postgres.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  return written
}

async function difference(server: string, folder: string): Promise<string> {
  const engine = await createMigrationEngine(server)
  try {
    const schema = await readFile(join(dirname(folder), 'schema.prisma'), 'utf8')
    return await engine.diff(folder, await readMigrations(folder), schema)
  } finally {
    await engine.close()
  }
}
