import { constants } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Fault, originsOf, type Scene } from './fault.ts'

/** Megabytes of the disk of the engine that gets full. */
export const smallDisk = { postgres: 400 }

/** The longest text of a review, which finds room nowhere between others: six kilobytes, random, so that they are not compressed. */
export const textOf = (random: () => number) =>
  Array.from({ length: 2000 }, () => String.fromCodePoint(0x4e00 + Math.floor(random() * 20_000))).join('')

/** The disk under PostgreSQL has no byte left. */
export function createFullDisk(scene: Scene): Fault {
  const { ground } = scene.stage
  const ballast = join(ground.disk('postgres'), 'ballast')
  const origins = originsOf(scene, 'reviews')
  const fill = () => fillDisk(ballast)
  return {
    name: 'full-disk',
    // What reads goes on until the server itself needs room, for its log or for what it sorts.
    goesOn: [],
    signs: [
      { name: 'readyz: room', origins, by: { check: /^room$/ } },
      { name: 'metric: store full', origins, by: { metric: /^movieverse_store_full_total/ } },
    ],
    begin: fill,
    async during() {
      // What the server has freed in the meantime.
      await fill()
      return []
    },
    end: () => rm(ballast),
    // A server that could not write its log has ended; it is started again as any supervisor would.
    tend: () => ground.resume('postgres'),
  }
}

/** Writes into a file until nothing more goes in. */
async function fillDisk(path: string): Promise<void> {
  const file = await open(path, constants.O_CREAT | constants.O_WRONLY | constants.O_APPEND)
  try {
    for (const size of [1 << 20, 4096]) {
      const block = Buffer.alloc(size, 1)
      try {
        for (;;) await file.writeFile(block)
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      }
    }
  } finally {
    await file.close()
  }
}
