import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { alone } from '../lock.ts'

/**
 * Makes `folder` by `build`, once for all checkouts; who comes meanwhile waits. A build that fails or is killed leaves
 * nothing behind that could be taken for a finished one.
 */
export async function buildOnce(folder: string, build: (into: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return
  await alone(`build-${folder.slice(-80)}`, async () => {
    if (existsSync(folder)) return
    await mkdir(dirname(folder), { recursive: true })
    const into = await mkdtemp(`${folder}.making-`)
    try {
      await build(into)
      await rename(into, folder)
    } finally {
      await rm(into, { recursive: true, force: true })
    }
  })
}

/** A short digest of all files of a folder: what is built of them is found under it. */
export async function digestOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const hash = createHash('sha256')
  for (const file of files.sort()) hash.update(relative(folder, file)).update(await readFile(file))
  return hash.digest('hex').slice(0, 12)
}
