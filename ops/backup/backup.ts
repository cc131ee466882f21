import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openDatabases } from '@movieverse/kit/databases/databases'
import type { EnvSource } from '@movieverse/kit/env'
import type { Log } from '@movieverse/kit/log'
import { type BackupStore, type BackupTable, type Manifest, unusable, writeManifest } from './manifest.ts'
import { keptFiles, migrationsOf, type Place, placesOf, placesTable, storedServices } from './places.ts'
import { measureReaders } from './readers.ts'
import { measure, writeRows } from './rows.ts'
import type { StoreView, TableShape } from './stores/store.ts'

export interface BackupOptions {
  /** New or empty. */
  readonly folder: string
  readonly env: EnvSource
  readonly dataDir: string
  readonly port?: number
  readonly log: Log
  readonly say: (line: string) => void
}

/**
 * Copies every store of a platform, which may be at work, as of one moment: writers of events wait for as long as it
 * takes to begin a transaction in each SQL database (milliseconds), and MongoDB is read right after until two readings
 * are equal. Where readers of the log stand is read before that moment, the log after it: what is restored may be told
 * an event again, and misses none.
 * @throws StartupError BACKUP_UNUSABLE when the folder holds something or a store does not keep still
 */
export async function backUp(options: BackupOptions): Promise<Manifest> {
  const { folder, env, dataDir, port, log, say } = options
  if (existsSync(folder) && (await readdir(folder)).length > 0) throw unusable(`${folder} is not empty.`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const readers = await measureReaders(options)
  const databases = await openDatabases({
    services: storedServices(env),
    env,
    dataDir,
    port,
    log,
    join: true,
  })
  const views: StoreView[] = []
  try {
    const places = placesOf(databases, storedServices(env))
    const takenAt = new Date().toISOString()
    const readersPlaces = await copyReadersPlaces(places, folder)
    views.push(...(await viewAll(places)))
    const stores: Record<string, BackupStore> = {}
    for (const [index, place] of places.entries()) {
      const view = views[index]
      if (!view) throw new Error(`${place.name} has no view`)
      const store = await copyStore(place, { view, folder, already: readersPlaces.get(place.name) ?? [] })
      stores[place.name] = store
      const rows = store.tables.reduce((sum, table) => sum + table.rows, 0)
      say(`${place.name.padEnd(12)}${place.kind.padEnd(10)}${rows.toLocaleString('en').padStart(12)} rows`)
    }
    const manifest: Manifest = {
      format: 1,
      takenAt,
      stores,
      readers,
      files: await copyFiles(dataDir, folder),
    }
    await writeManifest(folder, manifest)
    return manifest
  } finally {
    for (const view of views) await view.close()
    await databases.stop()
  }
}

/** Where the readers of a log in PostgreSQL stand. */
async function copyReadersPlaces(
  places: readonly Place[],
  folder: string,
): Promise<ReadonlyMap<string, readonly BackupTable[]>> {
  const found = new Map<string, readonly BackupTable[]>()
  for (const place of places.filter(({ kind }) => kind === 'postgres')) {
    const view = await place.engine.view(place.url, place.leftOut)
    try {
      const table = view.tables.find(({ name }) => name === placesTable)
      if (table) found.set(place.name, [await copyTable(place, { view, folder, table })])
    } finally {
      await view.close()
    }
  }
  return found
}

/** Views of all stores as of one moment. */
async function viewAll(places: readonly Place[]): Promise<readonly StoreView[]> {
  const releases: (() => Promise<void>)[] = []
  const views: StoreView[] = []
  try {
    for (const { engine, url } of places) releases.push(await engine.hold(url))
    for (const { engine, url, leftOut } of places) views.push(await engine.view(url, leftOut))
    return views
  } catch (error) {
    for (const view of views) await view.close()
    throw error
  } finally {
    for (const release of releases) await release()
  }
}

interface Copying {
  readonly view: StoreView
  readonly folder: string
}

/** Readings of a store that shows no single moment. */
const tries = 5

async function copyStore(
  place: Place,
  { view, folder, already }: Copying & { readonly already: readonly BackupTable[] },
): Promise<BackupStore> {
  const shapes = view.tables.filter(({ name }) => already.every((table) => table.name !== name))
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const tables: BackupTable[] = [...already]
    for (const table of shapes) tables.push(await copyTable(place, { view, folder, table, attempt }))
    const ordered = view.tables.flatMap(({ name }) => tables.filter((table) => table.name === name))
    if (place.kind !== 'mongodb' || (await isStill(view, ordered))) {
      return {
        engine: place.kind,
        migrations: await migrationsOf(place),
        tables: ordered,
        sequences: { ...view.sequences },
      }
    }
  }
  throw unusable(`${place.name} was written to during each of ${tries} readings.`)
}

/** Whether a second reading finds what the first one did: then all of it stood so between the two. */
async function isStill(view: StoreView, tables: readonly BackupTable[]): Promise<boolean> {
  for (const table of tables) {
    const { rows, sha256 } = await measure(view.read(table))
    if (rows !== table.rows || sha256 !== table.sha256) return false
  }
  return true
}

async function copyTable(
  place: Place,
  { view, folder, table, attempt = 1 }: Copying & { readonly table: TableShape; readonly attempt?: number },
): Promise<BackupTable> {
  const suffix = attempt > 1 ? `.${attempt}` : ''
  const file = join(place.name, `${table.name}${suffix}.gz`)
  await mkdir(join(folder, place.name), { recursive: true })
  const measured = await writeRows(join(folder, file), view.read(table))
  return { name: table.name, columns: [...table.columns], file, ...measured }
}

async function copyFiles(dataDir: string, folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const file of await keptFiles(dataDir)) {
    const copy = join(folder, 'files', file)
    await mkdir(dirname(copy), { recursive: true })
    await copyFile(join(dataDir, file), copy)
    files[file] = createHash('sha256')
      .update(await readFile(copy))
      .digest('hex')
  }
  return files
}
