import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm'
import type { Migration } from './migrations.ts'

const everything = { externalTables: [], externalEnums: [] }

/**
 * Prisma's own schema engine (WebAssembly) over a database: what `prisma migrate` runs, with its table
 * `_prisma_migrations`. Loading takes some 100 ms, so it is asked only when there is work.
 */
export interface MigrationEngine {
  /** Applies what is missing, in order. @returns names applied. @throws when one fails; later ones are not tried */
  apply(folder: string, migrations: readonly Migration[]): Promise<readonly string[]>
  /** Takes a failed migration out of the way, so that a mended one can be applied. */
  markRolledBack(name: string): Promise<void>
  /** SQL that leads from the end of the migrations to the schema; empty when there is nothing to do. */
  diff(folder: string, migrations: readonly Migration[], schema: string): Promise<string>
  close(): void
}

/** @param shadowUrl an empty database that migrations are replayed in by `diff` */
export async function createMigrationEngine(url: string, shadowUrl = url): Promise<MigrationEngine> {
  const { SchemaEngine: Engine } = await import('@prisma/schema-engine-wasm')
  const live = new PrismaPg({ connectionString: url, max: 2 })
  const shadow = new PrismaPg({ connectionString: shadowUrl, max: 2 })
  const factory = bindMigrationAwareSqlAdapterFactory({
    provider: live.provider,
    adapterName: live.adapterName,
    connect: () => live.connect(),
    // Prisma's own makes and drops a database of its own beside the live one; this one is the caller's.
    connectToShadowDb: () => shadow.connect(),
  })
  const engine: SchemaEngine = await Engine.new({ datamodels: undefined }, () => undefined, factory)
  return {
    async apply(folder, migrations) {
      const input = { migrationsList: migrationList(folder, migrations), filters: everything }
      return (await engine.applyMigrations(input)).appliedMigrationNames
    },
    async markRolledBack(name) {
      await engine.markMigrationRolledBack({ migrationName: name })
    },
    async diff(folder, migrations, schema) {
      const result = await engine.diff({
        from: { tag: 'migrations', ...migrationList(folder, migrations) },
        to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: schema }] },
        script: true,
        exitCode: true,
        filters: everything,
      })
      return result.exitCode === 0 ? '' : (result.stdout ?? '')
    },
    close: () => engine.free(),
  }
}

function migrationList(folder: string, migrations: readonly Migration[]): MigrationList {
  return {
    baseDir: folder,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
  }
}
