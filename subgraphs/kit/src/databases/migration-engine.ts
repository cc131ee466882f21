import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type ErrorRegistry,
  type SqlDriverAdapter,
} from '@prisma/driver-adapter-utils'
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm'
import type pg from 'pg'
import { reasonOf } from '../errors.ts'
import { catalogPool, charColumns } from '../postgres/catalog-pool.ts'
import type { Migration } from './migrations.ts'

/** The part of the JavaScript API that is used here; its types come with the DOM's only. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ instance: { exports: Readonly<Record<string, unknown>> } }>
}

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
  close(): Promise<void>
}

/** @param url its user may make databases where `diff` is asked for: migrations are replayed in one that is dropped again */
export async function createMigrationEngine(url: string): Promise<MigrationEngine> {
  const Engine = await loadEngine()
  const pool = catalogPool(url)
  const factory = bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => engineAdapter(pool),
    connectToShadowDb: () => shadowAdapter(pool, url),
  })
  const engine: SchemaEngine = await Engine.new({ datamodels: undefined }, () => undefined, factory)
  return {
    async apply(folder, migrations) {
      const input = { migrationsList: migrationList(folder, migrations), filters: everything }
      try {
        return (await engine.applyMigrations(input)).appliedMigrationNames
      } catch (error) {
        throw databaseError(factory.errorRegistry, error)
      }
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
    async close() {
      engine.free()
      await pool.end()
    },
  }
}

/** The engine says only "External error id#0"; what the database said is kept under that number. */
function databaseError(registry: ErrorRegistry, error: unknown): unknown {
  const id = /External error id#(\d+)/.exec(reasonOf(error))?.[1]
  return (id && registry.consumeError(Number(id))?.error) || error
}

let loaded: Promise<typeof SchemaEngine> | undefined

/** One instance a process: the glue of wasm-bindgen knows but one. */
function loadEngine(): Promise<typeof SchemaEngine> {
  loaded ??= instantiateEngine()
  return loaded
}

/** Instantiated by hand: importing a .wasm module is an experiment in Node and says so at every start. */
async function instantiateEngine(): Promise<typeof SchemaEngine> {
  Object.assign(globalThis, {
    // Where the engine leaves the text of a panic before it traps.
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message(message: string) {
        throw new Error(`Prisma's schema engine: ${message}`)
      },
    },
  })
  const require = createRequire(import.meta.url)
  const [glue, bytes] = await Promise.all([
    import('@prisma/schema-engine-wasm/schema_engine_bg'),
    readFile(join(dirname(require.resolve('@prisma/schema-engine-wasm')), 'schema_engine_bg.wasm')),
  ])
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': { ...glue } })
  glue.__wbg_set_wasm(instance.exports)
  const begin = instance.exports.__wbindgen_start
  if (typeof begin !== 'function') throw new Error('the schema engine has no start function')
  begin()
  return glue.SchemaEngine
}

/**
 * Prisma's adapter, mended in two places for its own engine. It cuts a script at every semicolon, inside functions and
 * strings too, and sends the pieces one by one: as one simple query it is read by the server, and is one transaction.
 * And it does not know the type "char", which the engine needs as a character.
 */
async function engineAdapter(pool: pg.Pool): Promise<SqlDriverAdapter> {
  const adapter: SqlDriverAdapter = await new PrismaPg(pool).connect()
  adapter.executeScript = async (script) => {
    await pool.query(script)
  }
  const queryRaw = adapter.queryRaw.bind(adapter)
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query)
    for (const column of charColumns(result.rows)) result.columnTypes[column] = ColumnTypeEnum.Character
    return result
  }
  return adapter
}

/** A new, empty database beside the live one, which goes when the engine lets go of it. */
async function shadowAdapter(pool: pg.Pool, url: string): Promise<SqlDriverAdapter> {
  const name = `prisma_migrate_shadow_db_${randomUUID()}`
  await pool.query(`CREATE DATABASE "${name}"`)
  const shadowUrl = new URL(url)
  shadowUrl.pathname = `/${name}`
  const shadow = catalogPool(shadowUrl.href)
  const adapter = await engineAdapter(shadow)
  adapter.dispose = async () => {
    await shadow.end()
    await pool.query(`DROP DATABASE "${name}" WITH (FORCE)`)
  }
  return adapter
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
