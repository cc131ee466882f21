import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it. Not mkdir's `recursive`: in a file system that takes no folders (/proc) it never
 * comes back.
 * @throws the system's error; EACCES where no folder can be
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return
    if (code !== 'ENOENT') throw error
    const parent = dirname(path)
    const dead = await stat(parent).then(
      () => true,
      () => parent === path,
    )
    if (dead) throw Object.assign(new Error(`no folder can be made in ${parent}`), { code: 'EACCES' })
    await makeFolder(parent, mode)
    await makeFolder(path, mode)
  }
}
