import { reasonOf, StartupError } from './errors.ts'

/** System errors of a folder that cannot be written, by their codes (errno). */
const notWritable = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR']
/** 53100: PostgreSQL's disk_full. */
const full = ['ENOSPC', 'EDQUOT', '53100']

/** @param freeBytes what is left of the disk, where it is known */
export function diskFull(folder: string, freeBytes?: number, cause?: unknown): StartupError {
  const left = freeBytes === undefined ? '' : ` (${Math.floor(freeBytes / 1_000_000)} MB left)`
  return new StartupError(
    'DISK_FULL',
    `The disk of ${folder} is full${left}.`,
    'Free some space, or set DATA_DIR to a folder on another disk.',
    { cause },
  )
}

/**
 * What an operator can do about a data folder that cannot be used: read from a system error, or from the words of a
 * program that met one.
 * @returns undefined when the error is of another kind
 */
export function folderFault(error: unknown, folder: string): StartupError | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const text = reasonOf(error)
  if (full.includes(code) || text.includes('No space left on device'))
    return diskFull(folder, undefined, error)
  if (!notWritable.includes(code) && !text.includes('ermission denied')) return undefined
  return new StartupError(
    'DATA_DIR_NOT_WRITABLE',
    `The data folder ${folder} cannot be written (${code || text.split('\n').at(-1)}).`,
    'Give this account the right to write there, or set DATA_DIR to another folder.',
    { cause: error },
  )
}
