import { bundled, openStage, placeProgram, type Stage, type StageOptions } from '../e2e/stage.ts'
import type { DrillOptions } from './drill.ts'
import { checkMutation } from './witness.ts'

export interface WatchedStageOptions
  extends Pick<DrillOptions, 'profile' | 'mutation'>,
    Pick<StageOptions, 'disks' | 'alter'> {
  /** How many share the work; default 1. */
  readonly witnesses?: number
}

/**
 * Opens a platform with witnesses beside it: one process on the built-in PostgreSQL, every process of
 * docker-compose.yml on real engines. The mutation is one of the witness's promises.
 * @throws WrongUse for a mutation that there isn't
 */
async function openWatchedStage(options: WatchedStageOptions): Promise<Stage> {
  const { profile, mutation, disks, alter, witnesses = 1 } = options
  checkMutation(mutation)
  return openStage({
    profile,
    topology: profile === 'embedded' ? 'standalone' : 'distributed',
    disks,
    alter,
    beside: ({ notesUrl, environment }) => {
      const args = ['--enable-source-maps', bundled('drill'), 'witness', notesUrl, mutation ?? '']
      const names = Array.from({ length: witnesses }, (_, index) => `witness-${index + 1}`)
      return Promise.all(names.map((name) => placeProgram(name, { args, environment })))
    },
  })
}

/** Runs `work` on a watched stage, which is closed whatever comes of it. @throws as openWatchedStage and `work` do */
export async function onWatchedStage<T>(
  options: WatchedStageOptions,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const stage = await openWatchedStage(options)
  try {
    return await work(stage)
  } finally {
    await stage.close()
  }
}
