import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { StartupError } from '../errors.ts'

/**
 * A schema (PostgreSQL), table (MySQL) or collection (MongoDB) of a database into which a backup is being restored, from
 * before its first change until all is restored.
 */
export const restoringMark = 'movieverse_restoring'

/** The same for the databases of a data folder's built-in server. */
export function restoringFile(dataDir: string): string {
  return join(dataDir, 'restoring')
}

/** @throws StartupError RESTORE_UNFINISHED while the data folder's databases are not (or not wholly) restored */
export function refuseHalfRestoredFolder(dataDir: string): void {
  if (existsSync(restoringFile(dataDir))) throw halfRestored(`The data in ${dataDir}`)
}

export function halfRestored(what: string): StartupError {
  return new StartupError(
    'RESTORE_UNFINISHED',
    `${what} is being restored from a backup, or a restore was cut off there.`,
    'Let npm run restore come to its end, or run it again.',
  )
}
