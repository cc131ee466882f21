import { bundled, openStage, placeProgram, type Stage } from '../e2e/stage.ts'
import type { DrillOptions } from './drill.ts'
import { checkMutation } from './witness.ts'

/**
 * Opens a platform with a witness beside it: one process on the built-in PostgreSQL, every process of
 * docker-compose.yml on real engines. The mutation is one of the witness's promises.
 * @throws RangeError for a mutation that there isn't
 */
export async function openWatchedStage({ profile, mutation }: DrillOptions): Promise<Stage> {
  checkMutation(mutation)
  return openStage({
    profile,
    topology: profile === 'embedded' ? 'standalone' : 'distributed',
    beside: async ({ notesUrl, environment }) => {
      const args = ['--enable-source-maps', bundled('drill'), 'witness', notesUrl, mutation ?? '']
      return [await placeProgram('witness', { args, environment })]
    },
  })
}
