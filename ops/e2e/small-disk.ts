import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Makes a folder a file system of its own that holds so many megabytes.
 * @returns what unmounts it, its contents gone
 * @throws Error where this process may not mount: only root on Linux may
 */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true })
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'tmpfs', folder])
  } catch (cause) {
    throw new Error('A small disk is mounted, which only root on Linux may: run this as root.', { cause })
  }
  return async () => {
    await run('umount', ['--lazy', folder])
  }
}
