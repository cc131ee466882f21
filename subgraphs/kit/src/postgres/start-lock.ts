import { randomUUID } from 'node:crypto'
import { link, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readIfThere } from '../files.ts'
import { makeFolder } from './folder.ts'
import { isAlive } from './postmaster.ts'

/**
 * Runs `work` while no other process starts a server in the same folder. The lock is a file with the holder's pid; that
 * of a killed process is taken over.
 */
export async function withStartLock<T>(root: string, work: () => Promise<T>): Promise<T> {
  await makeFolder(root, 0o711)
  const lock = join(root, 'starting.lock')
  const own = join(root, `starting.${randomUUID()}`)
  await writeFile(own, `${process.pid}`)
  try {
    while (!(await take(own, lock))) await delay(50)
    try {
      return await work()
    } finally {
      await rm(lock, { force: true })
    }
  } finally {
    await rm(own, { force: true })
  }
}

/** A hard link is made or refused in one step, and the file it names is already complete. */
async function take(own: string, lock: string): Promise<boolean> {
  try {
    await link(own, lock)
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const holder = Number((await readIfThere(lock)) ?? process.pid)
  if (!isAlive(holder)) await rm(lock, { force: true })
  return false
}
