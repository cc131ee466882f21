import { existsSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PlacedProcess } from '../../distributed/placement.ts'
import type { Ground } from '../../e2e/ground.ts'
import { type Fault, originsOf, type Scene } from './fault.ts'

/** A clock of one process, which can be set while it runs. */
export interface Clock {
  /** @param seconds ahead of the machine's; negative: behind it. In force within a second */
  set(seconds: number): Promise<void>
}

/** Where distributions keep the library of `faketime`. */
const libraries = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`,
)

const offsetFile = (ground: Ground) => join(ground.folder, 'clock')

/**
 * Gives a process a clock of its own (https://github.com/wolfcw/libfaketime). What measures durations goes on by the
 * machine's.
 * @throws Error where libfaketime is not installed
 */
export function withClock(process: PlacedProcess, ground: Ground): PlacedProcess {
  const library = libraries.find((path) => existsSync(path))
  if (!library) throw new Error('Clocks are set by libfaketime: apt-get install faketime.')
  writeFileSync(offsetFile(ground), '+0\n')
  return {
    ...process,
    environment: {
      ...process.environment,
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: offsetFile(ground),
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  }
}

export function clockOn(ground: Ground): Clock {
  return {
    set: (seconds) => writeFile(offsetFile(ground), `${seconds < 0 ? '' : '+'}${seconds}\n`),
  }
}

/**
 * The clock of the platform's process, or of one process of the reviews, differs from all the others' by five minutes. The
 * one process knows no other whose identity it would have to date; of several the others refuse it and serve in its place.
 */
export function createWrongClock(scene: Scene, direction: 'fast' | 'slow'): Fault {
  const [first = ''] = originsOf(scene, 'reviews')
  return {
    name: `clock-${direction}`,
    goesOn: ['film', 'rating', 'genres', 'signIn', 'review'],
    signs:
      scene.profile === 'embedded'
        ? []
        : [
            { name: 'readyz: clock', origins: [first], by: { check: /^clock$/ } },
            {
              name: 'metric: refused identities',
              origins: [first],
              by: { metric: /^movieverse_identity_refusals_total\{.*reason="clock"/ },
            },
          ],
    begin: () => scene.clock.set(direction === 'fast' ? 300 : -300),
    end: () => scene.clock.set(0),
  }
}
