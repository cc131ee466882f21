import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openDatabases } from '@movieverse/kit/databases/databases'
import { restoringFile } from '@movieverse/kit/databases/restoring'
import { StartupError } from '@movieverse/kit/errors'
import type { BackupOptions } from './backup.ts'
import { eraseSince, mergeErasures, readErasures, readLedger, writeLedger } from './erasures.ts'
import { type BackupStore, type Manifest, readManifest, unusable } from './manifest.ts'
import { makeTables, type Place, placesOf, seeded } from './places.ts'
import { sendReadersBack } from './readers.ts'
import { measure, readRows } from './rows.ts'
import { endSessions } from './sessions.ts'
import { isLeftOut, type StoreTarget, type TableShape } from './stores/store.ts'

export interface RestoreOptions extends BackupOptions {
  /** Replaces what the stores hold. */
  readonly force: boolean
  /** Ledgers of erasures beyond the backup's own. */
  readonly ledgers: readonly string[]
}

export interface Restored {
  readonly manifest: Manifest
  /** Users erased since the backup, and so again. */
  readonly erased: readonly number[]
}

/** Stores that are being restored into. */
interface Restoring extends Place {
  readonly kept: BackupStore
  readonly target: StoreTarget
}

/** Tables whose rows say which version made the others: compared, not written. */
const versions = ['public.metadata_schema']
/** Beside the backup: the erasures found at a restore, for another one that has to be run again. */
const ledgerFile = 'erasures.jsonl'

/**
 * Puts a backup in place of what the stores hold. Nothing is touched before the whole backup has been read and found
 * sound; from the first change on no process serves these stores until all of them are restored, read back and found
 * equal. Cut off, it is run again. Users erased since the backup are erased again: those that the present accounts or a
 * ledger know of.
 * @throws StartupError BACKUP_UNUSABLE, DATA_DIR_IN_USE
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { folder, env, dataDir, port, log, say, force, ledgers } = options
  const manifest = await readManifest(folder)
  await checkFiles(folder, manifest)
  const services = Object.keys(manifest.stores)
  const databases = await openDatabases({ services, env, dataDir, port, log, restoring: true })
  const open: StoreTarget[] = []
  try {
    const restoring: Restoring[] = []
    for (const place of placesOf(databases, services)) {
      const kept = manifest.stores[place.name]
      if (kept?.engine !== place.kind) throw otherEngine(place, kept)
      const target = await place.engine.target(place.url)
      open.push(target)
      restoring.push({ ...place, kept, target })
    }
    await checkTargets(restoring, force)
    const auth = restoring.find(({ name }) => name === 'auth')
    const erasures = await collectErasures(folder, ledgers, auth)

    if (databases.embedded) await writeFile(restoringFile(dataDir), '', { flush: true })
    for (const { target } of restoring) await target.begin()
    for (const one of restoring) {
      await restoreStore(one, { folder, log })
      say(`${one.name.padEnd(12)}restored and read back`)
    }
    const erased = auth ? await eraseSince(auth.url, { erasures, takenAt: new Date(manifest.takenAt) }) : []
    await endSessions(env)
    await sendReadersBack(options, manifest)
    await restoreFiles(dataDir, folder, manifest)
    for (const { target } of restoring) await target.finish()
    await rm(restoringFile(dataDir), { force: true })
    return { manifest, erased }
  } finally {
    for (const target of open) await target.close()
    await databases.stop()
  }
}

/** Reads all of a backup before anything is changed. */
async function checkFiles(folder: string, { stores, files }: Manifest): Promise<void> {
  for (const { name, file, rows, sha256 } of Object.values(stores).flatMap(({ tables }) => tables)) {
    const found = await measure(readRows(join(folder, file))).catch((error: unknown) => {
      throw unusable(`The rows of ${name} cannot be read from ${file}.`, error)
    })
    if (found.rows !== rows || found.sha256 !== sha256)
      throw unusable(`${file} has changed since the backup.`)
  }
  for (const [file, sha256] of Object.entries(files)) {
    if ((await hashOf(join(folder, 'files', file))) !== sha256) throw unusable(`files/${file} has changed.`)
  }
}

const hashOf = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')

async function checkTargets(restoring: readonly Restoring[], force: boolean): Promise<void> {
  for (const { name, target } of restoring) {
    if (await staysUsed(target)) {
      throw new StartupError(
        'DATA_DIR_IN_USE',
        `The database of ${name} is in use.`,
        'Stop every process of the platform, then restore.',
      )
    }
    const filled = (await target.filled()).filter((table) => !isLeftOut(table, seeded))
    if (filled.length > 0 && !force) {
      throw new StartupError(
        'BACKUP_UNUSABLE',
        `The database of ${name} is not empty: ${filled.join(', ')}.`,
        'Restore into empty databases or another DATA_DIR; --force replaces what is there.',
      )
    }
  }
}

/** A server notices a little later that a process has ended. */
async function staysUsed(target: StoreTarget): Promise<boolean> {
  for (let left = 20; left > 0; left -= 1) {
    if (!(await target.isUsed())) return false
    await delay(250)
  }
  return true
}

/** On the disk beside the backup before the present accounts are removed. */
async function collectErasures(folder: string, ledgers: readonly string[], auth: Restoring | undefined) {
  const files = [join(folder, ledgerFile), ...ledgers]
  const known = await Promise.all(files.map(readLedger))
  const hasAccounts = (await auth?.target.filled())?.includes('public.accounts')
  const erasures = mergeErasures([...known, auth && hasAccounts ? await readErasures(auth.url) : []])
  await writeLedger(join(folder, ledgerFile), erasures)
  return erasures
}

async function restoreStore(
  one: Restoring,
  { folder, log }: Pick<RestoreOptions, 'folder' | 'log'>,
): Promise<void> {
  const { kept, target, engine, url, leftOut } = one
  await target.clear()
  await makeTables(one, kept.migrations, log)
  const written = kept.tables.filter(({ name }) => !versions.includes(name))
  await target.empty(written)
  for (const table of written) await target.write(table, readRows(join(folder, table.file)))
  await target.setSequences(kept.sequences)
  const view = await engine.view(url, leftOut)
  try {
    for (const table of kept.tables) {
      const shape: TableShape = { name: table.name, columns: table.columns }
      const { rows, sha256 } = await measure(view.read(shape))
      if (rows === table.rows && sha256 === table.sha256) continue
      throw unusableAfter(
        versions.includes(table.name)
          ? `${one.name} was kept by another version of its tables`
          : `${table.name} of ${one.name} differs from the backup after it was restored`,
      )
    }
  } finally {
    await view.close()
  }
}

async function restoreFiles(dataDir: string, folder: string, { files }: Manifest): Promise<void> {
  for (const file of Object.keys(files)) {
    await mkdir(dirname(join(dataDir, file)), { recursive: true })
    await copyFile(join(folder, 'files', file), join(dataDir, file))
  }
}

function otherEngine({ name, kind }: Place, kept: BackupStore | undefined): StartupError {
  return unusable(`${name} was kept from a database of ${kept?.engine}, and is to go into one of ${kind}.`)
}

function unusableAfter(message: string): StartupError {
  return new StartupError(
    'BACKUP_UNUSABLE',
    `${message}.`,
    'Nothing serves these stores. Restore with the version of the program that made the backup.',
  )
}
